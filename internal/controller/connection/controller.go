// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package connection holds the reconciler of CognigyConnections and ClusterCognigyConnections, which probes them.
package connection

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
	"github.com/cognigy-operator/cognigy-operator/internal/tracing"
)

// longestRetry is short, because many resources may wait for the recovery of a connection.
const longestRetry = 30 * time.Second

// Reconciler probes the connections of one kind and reports on them.
type Reconciler struct {
	// Client reads from the cache, but Secrets from the API server.
	client.Client
	Kind        connection.Kind
	Connections *connection.Resolver
	Events      events.EventRecorder
	Traces      *tracing.Traces
	Clock       clock.PassiveClock
	// ProbeInterval is the time between two probes of a usable connection.
	ProbeInterval time.Duration

	waker    kube.Waker
	failures workqueue.TypedRateLimiter[reconcile.Request]
}

// +kubebuilder:rbac:groups=cognigy-operator.io,resources=cognigyconnections;clustercognigyconnections,verbs=get;list;watch
// +kubebuilder:rbac:groups=cognigy-operator.io,resources=cognigyconnections/status;clustercognigyconnections/status,verbs=patch

// SetupWithManager registers the reconciler and what it watches.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	if err := r.addIndex(context.Background(), mgr.GetFieldIndexer()); err != nil {
		return err
	}
	r.failures = kube.Backoff(kube.ShortestRetry, longestRetry)
	changed := predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}, kube.StatusCleared)
	return ctrl.NewControllerManagedBy(mgr).
		For(r.Kind.New(), builder.WithPredicates(changed)).
		Watches(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.requestsOfSecret), builder.OnlyMetadata).
		WatchesRawSource(&r.waker).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: ratelimit.ConcurrencyLimit, RateLimiter: kube.Remembering(r.failures, longestRetry),
		}).
		Complete(r.Traces.Reconciler(r.Kind.New(), "", r))
}

// RequestProbe has a connection probed at once.
func (r *Reconciler) RequestProbe(found v1alpha1.Connection) {
	r.waker.Wake(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(found)})
}

// Reconcile probes a connection and reports.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	found := r.Kind.New()
	if err := r.Get(ctx, request.NamespacedName, found); err != nil {
		r.Connections.Forget(request.NamespacedName)
		r.Connections.Hosts.Cancel(r.waiter(request.NamespacedName))
		r.failures.Forget(request)
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	err := r.probe(ctx, found)
	if errors.Is(err, ratelimit.ErrQueued) { // the connection is woken
		return kube.Written(r.reportRetryAfter(ctx, found))
	}
	failure := condition.FailureOf(err)
	if err != nil && failure == nil {
		return ctrl.Result{}, err
	}
	if connection.Usable(found) == nil && r.mayBeTransient(request, err) {
		return retry(err)
	}
	wait := connection.SuperKeyWait(err)
	if wait > 0 && isReported(found) { // what is known of this connection still is so
		return kube.After(wait)
	}
	if err := r.report(ctx, found, failure); err != nil {
		return kube.Written(err)
	}
	switch {
	case failure == nil:
		r.failures.Forget(request)
		return kube.After(plan.Spread(r.ProbeInterval, string(found.GetUID())))
	case wait > 0:
		return kube.After(wait)
	case failure.Reason == v1alpha1.ReasonCredentialsNotFound, failure.Reason == v1alpha1.ReasonCABundleNotFound:
		return kube.After(connection.CredentialsInterval)
	default:
		return retry(err)
	}
}

// isReported reports whether the status tells how a probe of the connection, as it is now, went.
func isReported(found v1alpha1.Connection) bool {
	return condition.Find(found.GetConnectionStatus().Conditions, v1alpha1.ConditionReady).ObservedGeneration == found.GetGeneration()
}

// mayBeTransient reports whether a failed probe says little about a connection that was usable until now: a single failure to
// reach Cognigy, or a 429, which proves that Cognigy is reachable.
func (r *Reconciler) mayBeTransient(request ctrl.Request, err error) bool {
	return cognigy.IsKind(err, cognigy.RateLimited) ||
		cognigy.IsKind(err, cognigy.Unavailable) && ratelimit.RetryAfter(err) == 0 && r.failures.NumRequeues(request) == 0
}

// retry probes again when the failure says so, or after as long as there were failures.
func retry(failure error) (ctrl.Result, error) {
	if wait := ratelimit.RetryAfter(failure); wait > 0 {
		return kube.After(wait)
	}
	return ctrl.Result{}, failure
}
