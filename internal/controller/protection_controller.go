// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
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
)

// mostNamed is how many users a condition names.
const mostNamed = 10

// ProtectionReconciler keeps connections of one kind while EndpointAPIKeys need them to revoke their keys: it puts a finalizer
// on a connection with its first user, and takes it away when the connection is being deleted and has none left.
type ProtectionReconciler struct {
	// Client reads from the cache.
	client.Client
	// Live reads from the API server.
	Live  client.Reader
	Clock clock.PassiveClock
	// New returns an empty connection of the reconciler's kind.
	New func() v1alpha1.Connection
}

// +kubebuilder:rbac:groups=cognigy-operator.io,resources=cognigyconnections;clustercognigyconnections,verbs=patch

// SetupWithManager registers the reconciler and what it watches.
func (r *ProtectionReconciler) SetupWithManager(mgr ctrl.Manager, name string) error {
	return ctrl.NewControllerManagedBy(mgr).Named(name).
		For(r.New(), builder.WithPredicates(relevant)).
		Watches(&v1alpha1.EndpointAPIKey{}, handler.EnqueueRequestsFromMapFunc(r.connectionOf), builder.WithPredicates(comings)).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers}).
		Complete(r)
}

// comings lets pass that a resource comes or goes.
var comings = predicate.Funcs{
	UpdateFunc:  func(event.UpdateEvent) bool { return false },
	GenericFunc: func(event.GenericEvent) bool { return false },
}

func (r *ProtectionReconciler) connectionOf(_ context.Context, object client.Object) []reconcile.Request {
	key := object.(*v1alpha1.EndpointAPIKey)
	clusterWide := key.Spec.ConnectionRef.Kind == v1alpha1.ConnectionKindCluster
	if _, ok := r.New().(*v1alpha1.ClusterCognigyConnection); ok != clusterWide {
		return nil
	}
	return []reconcile.Request{{NamespacedName: connectionName(key)}}
}

// Reconcile adds or removes the finalizer.
func (r *ProtectionReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	found := r.New()
	if err := r.Get(ctx, request.NamespacedName, found); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	err := r.protect(ctx, found)
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: conflictWait}, nil
	}
	return ctrl.Result{}, err
}

func (r *ProtectionReconciler) protect(ctx context.Context, found v1alpha1.Connection) error {
	protected := controllerutil.ContainsFinalizer(found, v1alpha1.InUseFinalizer)
	deleting := !found.GetDeletionTimestamp().IsZero()
	if protected != deleting {
		return nil
	}
	// An issuance that saw the connection before its deletion left a resource that is seen here.
	users, err := users(ctx, r.Live, found)
	switch {
	case err != nil:
		return err
	case deleting && len(users) > 0:
		return r.reportUsers(ctx, found, users)
	case deleting || len(users) > 0:
		return r.patch(ctx, found, func(c v1alpha1.Connection) {
			if deleting {
				controllerutil.RemoveFinalizer(c, v1alpha1.InUseFinalizer)
			} else {
				controllerutil.AddFinalizer(c, v1alpha1.InUseFinalizer)
			}
		})
	}
	return nil
}

func (r *ProtectionReconciler) patch(ctx context.Context, found v1alpha1.Connection, change func(v1alpha1.Connection)) error {
	changed := found.DeepCopyObject().(v1alpha1.Connection)
	change(changed)
	patch := client.MergeFromWithOptions(found, client.MergeFromWithOptimisticLock{})
	return client.IgnoreNotFound(r.Patch(ctx, changed, patch))
}

// reportUsers says whom the deletion waits for.
func (r *ProtectionReconciler) reportUsers(ctx context.Context, found v1alpha1.Connection, users []string) error {
	changed := found.DeepCopyObject().(v1alpha1.Connection)
	named := strings.Join(users[:min(len(users), mostNamed)], ", ")
	if len(users) > mostNamed {
		named += ", ..."
	}
	meta.SetStatusCondition(&changed.GetConnectionStatus().Conditions, metav1.Condition{
		Type: v1alpha1.ConditionInUse, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonReferenced,
		ObservedGeneration: found.GetGeneration(), LastTransitionTime: metav1.NewTime(r.Clock.Now()),
		Message: fmt.Sprintf("the deletion waits for %d EndpointAPIKeys that need this connection to revoke their keys: %s. "+
			"Delete them, or set their deletionPolicy to Retain and delete them", len(users), named),
	})
	if equality.Semantic.DeepEqual(changed.GetConnectionStatus(), found.GetConnectionStatus()) {
		return nil
	}
	patch := client.MergeFromWithOptions(found, client.MergeFromWithOptimisticLock{})
	return client.IgnoreNotFound(r.Status().Patch(ctx, changed, patch))
}

// users returns the names of the resources that refer to a connection, sorted.
func users(ctx context.Context, reader client.Reader, found v1alpha1.Connection) ([]string, error) {
	keys := &v1alpha1.EndpointAPIKeyList{}
	if err := reader.List(ctx, keys, client.InNamespace(found.GetNamespace())); err != nil {
		return nil, err
	}
	var names []string
	for i := range keys.Items {
		if key := &keys.Items[i]; refersTo(key, found) {
			names = append(names, client.ObjectKeyFromObject(key).String())
		}
	}
	slices.Sort(names)
	return names, nil
}

func refersTo(key *v1alpha1.EndpointAPIKey, found v1alpha1.Connection) bool {
	_, clusterWide := found.(*v1alpha1.ClusterCognigyConnection)
	return connectionName(key) == client.ObjectKeyFromObject(found) &&
		clusterWide == (key.Spec.ConnectionRef.Kind == v1alpha1.ConnectionKindCluster)
}
