// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package protection holds the reconcilers that keep connections and their credentials from deletion while EndpointAPIKeys
// need them to revoke their keys.
package protection

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/tracing"
)

// Connections adds a finalizer to a connection of one kind with its first dependent, and removes it when the connection is
// being deleted and has no dependent left.
type Connections struct {
	// Client reads from the cache.
	client.Client
	// APIReader reads from the API server.
	APIReader client.Reader
	Clock     clock.PassiveClock
	Traces    *tracing.Traces
	Kind      connection.Kind
	// KeysServed is whether the API server serves EndpointAPIKeys, so that there is something to watch.
	KeysServed bool
}

// +kubebuilder:rbac:groups=cognigy-operator.io,resources=cognigyconnections;clustercognigyconnections,verbs=patch

// SetupWithManager registers the reconciler and what it watches.
func (r *Connections) SetupWithManager(mgr ctrl.Manager) error {
	name := r.Kind.Prefix + "protection"
	made := ctrl.NewControllerManagedBy(mgr).Named(name).
		For(r.Kind.New(), builder.WithPredicates(predicate.Or(kube.Relevant, kube.InUseChanged))).
		WithOptions(controller.Options{MaxConcurrentReconciles: kube.Workers, RateLimiter: kube.Backoff(kube.ShortestRetry, longestRetry)})
	if r.KeysServed {
		made.Watches(&v1alpha1.EndpointAPIKey{}, handler.EnqueueRequestsFromMapFunc(r.requestOf), builder.WithPredicates(kube.CreatedOrDeleted))
	}
	return made.Complete(r.Traces.Reconciler(r.Kind.New(), name, r))
}

// requestOf returns the connection of a resource, if it is of this kind.
func (r *Connections) requestOf(_ context.Context, object client.Object) []reconcile.Request {
	key := object.(*v1alpha1.EndpointAPIKey)
	if connection.IsCluster(r.Kind.New()) != connection.ReferredIsCluster(key) {
		return nil
	}
	return []reconcile.Request{{NamespacedName: connection.NameOf(key)}}
}

// Reconcile adds or removes the finalizer.
func (r *Connections) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	found := r.Kind.New()
	if err := r.Get(ctx, request.NamespacedName, found); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	return kube.Written(r.protect(ctx, found))
}

func (r *Connections) protect(ctx context.Context, found v1alpha1.Connection) error {
	protected := controllerutil.ContainsFinalizer(found, v1alpha1.InUseFinalizer)
	deleting := !found.GetDeletionTimestamp().IsZero()
	if protected != deleting {
		return nil
	}
	// A resource that was issued a key before the connection's deletion began is in this list.
	dependents, err := dependents(ctx, r.Client, r.APIReader, found)
	switch {
	case err != nil:
		return err
	case deleting && len(dependents) > 0:
		return r.reportDependents(ctx, found, dependents)
	case deleting:
		_, err = kube.Patch(ctx, r.Client, found, func(c v1alpha1.Connection) { controllerutil.RemoveFinalizer(c, v1alpha1.InUseFinalizer) })
	case len(dependents) > 0:
		_, err = kube.Patch(ctx, r.Client, found, func(c v1alpha1.Connection) { controllerutil.AddFinalizer(c, v1alpha1.InUseFinalizer) })
	}
	return err
}

// reportDependents says for which resources the deletion waits.
func (r *Connections) reportDependents(ctx context.Context, found v1alpha1.Connection, dependents []string) error {
	_, err := kube.PatchStatus(ctx, r.Client, found, func(changed v1alpha1.Connection) {
		meta.SetStatusCondition(&changed.GetConnectionStatus().Conditions, metav1.Condition{
			Type: v1alpha1.ConditionInUse, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonReferenced,
			ObservedGeneration: found.GetGeneration(), LastTransitionTime: metav1.NewTime(r.Clock.Now()),
			Message: fmt.Sprintf("the deletion waits for %d EndpointAPIKeys that need this connection to revoke their keys: %s. "+
				"Delete them; to keep their keys, set their deletionPolicy to Retain before. %s",
				len(dependents), condition.Enumerate(dependents), undo(r.Kind.Prefix+"cognigyconnection", found)),
		})
	})
	return err
}
