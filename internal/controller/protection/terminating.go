// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package protection

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
)

// reportTerminating says on each connection that names a Secret whether the finalizer keeps the Secret from its deletion, and why. Who
// deletes a Secret to create it again reads otherwise only that it already exists. The Secret is nil if it is gone.
func (r *Credentials) reportTerminating(ctx context.Context, secret *metav1.PartialObjectMetadata, use use) error {
	for _, found := range use.by {
		if first, err := r.firstKept(ctx, found); err != nil {
			return err
		} else if first != nil && (secret == nil || secret.Name != first.Name) {
			continue // the reconcile of that one reports it
		}
		// Of a connection that is being deleted, InUse says what its Secret waits for, too.
		kept := secret != nil && isKept(secret) && found.GetDeletionTimestamp().IsZero() &&
			controllerutil.ContainsFinalizer(found, v1alpha1.InUseFinalizer)
		if err := r.reportKept(ctx, secret, found, kept); err != nil {
			return err
		}
	}
	return nil
}

// firstKept returns the first that is kept of several Secrets that a connection names, all in one namespace, or nil.
func (r *Credentials) firstKept(ctx context.Context, found v1alpha1.Connection) (*types.NamespacedName, error) {
	names := r.Connections.SecretNames(found)
	if len(names) < 2 {
		return nil, nil
	}
	for _, name := range names {
		secret := kube.SecretMetadata()
		if err := r.Get(ctx, name, secret); client.IgnoreNotFound(err) != nil {
			return nil, err
		}
		if isKept(secret) {
			return &name, nil
		}
	}
	return nil, nil
}

func isKept(secret client.Object) bool {
	return !secret.GetDeletionTimestamp().IsZero() && controllerutil.ContainsFinalizer(secret, v1alpha1.InUseFinalizer)
}

func (r *Credentials) reportKept(ctx context.Context, secret *metav1.PartialObjectMetadata, found v1alpha1.Connection, kept bool) error {
	reported := meta.IsStatusConditionTrue(found.GetConnectionStatus().Conditions, v1alpha1.ConditionCredentialsInUse)
	if !kept {
		_, err := kube.PatchStatus(ctx, r.Client, found, func(changed v1alpha1.Connection) {
			meta.RemoveStatusCondition(&changed.GetConnectionStatus().Conditions, v1alpha1.ConditionCredentialsInUse)
		})
		return err
	}
	names, err := dependents(ctx, r.Client, r.APIReader, found)
	if err != nil {
		return err
	}
	message := keptMessage(secret, names)
	_, err = kube.PatchStatus(ctx, r.Client, found, func(changed v1alpha1.Connection) {
		meta.SetStatusCondition(&changed.GetConnectionStatus().Conditions, metav1.Condition{
			Type: v1alpha1.ConditionCredentialsInUse, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonReferenced, Message: message,
			ObservedGeneration: found.GetGeneration(), LastTransitionTime: metav1.NewTime(r.Clock.Now()),
		})
	})
	if err == nil && !reported {
		kube.Event{Type: corev1.EventTypeWarning, Reason: v1alpha1.EventCredentialsInUse, Action: "Protect"}.Emit(r.Events, secret, "%s", message)
	}
	return err
}

// keptMessage has the names at its end, where an event may cut them off.
func keptMessage(secret metav1.Object, dependents []string) string {
	name := types.NamespacedName{Namespace: secret.GetNamespace(), Name: secret.GetName()}
	return fmt.Sprintf("the credentials Secret %q is being deleted, and the finalizer %s keeps it, since %d EndpointAPIKeys need it to revoke "+
		"their keys. Until then the operator uses what it holds, but issues no keys. %s. To replace credentials, change the Secret "+
		"(kubectl apply), and do not delete it. The EndpointAPIKeys: %s",
		name, v1alpha1.InUseFinalizer, len(dependents), undo("secret", secret), condition.Enumerate(dependents))
}
