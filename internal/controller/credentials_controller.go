// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// CredentialsReconciler keeps the credentials Secrets of connections: it labels them, so that a change is noticed at once, and
// holds them with a finalizer while a connection that is in use needs them. It touches nothing but their metadata.
type CredentialsReconciler struct {
	// Client reads connections from the cache, and Secrets from the API server.
	client.Client
	// Live reads everything from the API server.
	Live        client.Reader
	Connections *connection.Resolver
}

// SetupWithManager registers the reconciler and what it watches.
func (r *CredentialsReconciler) SetupWithManager(mgr ctrl.Manager) error {
	referring := builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, finalizersChanged))
	return ctrl.NewControllerManagedBy(mgr).Named("credentials").
		For(&corev1.Secret{}, builder.OnlyMetadata, builder.WithPredicates(predicate.NewPredicateFuncs(isCredentials))).
		Watches(&v1alpha1.CognigyConnection{}, handler.EnqueueRequestsFromMapFunc(r.secretOf), referring).
		Watches(&v1alpha1.ClusterCognigyConnection{}, handler.EnqueueRequestsFromMapFunc(r.secretOf), referring).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: workers,
			RateLimiter:             backoff(shortestWait, longestProbeWait),
		}).
		Complete(r)
}

// secretMetadata is to be read into, so that a Secret is seen without its data.
func secretMetadata() *metav1.PartialObjectMetadata {
	secret := &metav1.PartialObjectMetadata{}
	secret.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	return secret
}

func isCredentials(secret client.Object) bool {
	return secret.GetLabels()[v1alpha1.SecretTypeLabel] == v1alpha1.SecretTypeCredentials
}

var finalizersChanged = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	return len(e.ObjectOld.GetFinalizers()) != len(e.ObjectNew.GetFinalizers())
}}

// secretOf is called with the old and with the new connection of an update, so that a Secret that is no longer named is let go.
func (r *CredentialsReconciler) secretOf(_ context.Context, object client.Object) []reconcile.Request {
	name := r.Connections.SecretName(object.(v1alpha1.Connection))
	if name.Name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: name}}
}

// Reconcile puts label and finalizer on a Secret, or takes the finalizer away.
func (r *CredentialsReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	named, inUse, err := r.referred(ctx, r, request, client.MatchingFields{indexSecret: request.String()})
	if err != nil {
		return ctrl.Result{}, err
	}
	secret := secretMetadata()
	if err := r.Get(ctx, request.NamespacedName, secret); err != nil {
		if client.IgnoreNotFound(err) == nil && named {
			return ctrl.Result{RequeueAfter: missingWait}, nil // without the label, its creation is no event
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	// mutation: release-credentials-by-cache
	if !inUse && controllerutil.ContainsFinalizer(secret, v1alpha1.InUseFinalizer) {
		// A cache that is behind must not let go of what is needed.
		if named, inUse, err = r.referred(ctx, r.Live, request, client.InNamespace(request.Namespace)); err != nil {
			return ctrl.Result{}, err
		}
	}
	changed := secret.DeepCopy()
	if named && changed.Labels[v1alpha1.SecretTypeLabel] == "" {
		metav1.SetMetaDataLabel(&changed.ObjectMeta, v1alpha1.SecretTypeLabel, v1alpha1.SecretTypeCredentials)
	}
	switch {
	case !inUse:
		controllerutil.RemoveFinalizer(changed, v1alpha1.InUseFinalizer)
	case secret.DeletionTimestamp.IsZero(): // Kubernetes takes no new finalizer after that
		controllerutil.AddFinalizer(changed, v1alpha1.InUseFinalizer)
	}
	if len(changed.Finalizers) == len(secret.Finalizers) && len(changed.Labels) == len(secret.Labels) {
		return ctrl.Result{}, nil
	}
	patch := client.MergeFromWithOptions(secret, client.MergeFromWithOptimisticLock{})
	err = client.IgnoreNotFound(r.Patch(ctx, changed, patch))
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: conflictWait}, nil
	}
	return ctrl.Result{}, err
}

// referred tells whether a connection names the Secret, and whether one that does is in use.
func (r *CredentialsReconciler) referred(
	ctx context.Context, reader client.Reader, request ctrl.Request, which client.ListOption,
) (named, inUse bool, err error) {
	for _, connections := range []client.ObjectList{&v1alpha1.CognigyConnectionList{}, &v1alpha1.ClusterCognigyConnectionList{}} {
		if err := reader.List(ctx, connections, which); err != nil {
			return false, false, err
		}
		_ = meta.EachListItem(connections, func(item runtime.Object) error {
			if connection := item.(v1alpha1.Connection); r.Connections.SecretName(connection) == request.NamespacedName {
				named = true
				inUse = inUse || controllerutil.ContainsFinalizer(connection, v1alpha1.InUseFinalizer)
			}
			return nil
		})
	}
	return named, inUse, nil
}
