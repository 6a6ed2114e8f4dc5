// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

const (
	// driftsPerSweep is how many drift intervals lie between two sweeps.
	driftsPerSweep = 6
	// sweepers bounds how many sweeps there are at a time. A sweep waits for its turns where it is, and so holds up its worker.
	sweepers = 4
	// longestSweep keeps a Cognigy that answers slowly from holding a worker for ever. Ten thousand Endpoints at one a second
	// take half of it.
	longestSweep = 6 * time.Hour
	// maxOrphans is how many orphans a sweep remembers: what Cognigy lists must not fill the memory. The others are found once
	// these are gone.
	maxOrphans = 1000
)

// OrphanReconciler sweeps the Endpoints that connections of one kind reach for keys of this cluster whose EndpointAPIKey does
// not exist any more: a process that was paused in the middle of a POST makes such a key, and a finalizer that was removed by
// force leaves some. Both kinds have one reconciler each.
type OrphanReconciler struct {
	// Client reads from the cache.
	client.Client
	// Live reads from the API server, in all namespaces: resources that this operator does not watch have keys, too.
	Live        client.Reader
	Connections *connection.Resolver
	Events      events.EventRecorder
	Clock       clock.PassiveClock
	// New returns an empty connection of the reconciler's kind.
	New func() v1alpha1.Connection
	// Cluster is the identity of this cluster in the names of keys.
	Cluster string
	// DriftInterval is the time between two looks at the keys of an Endpoint.
	DriftInterval time.Duration

	sweeps sweepLog
}

// SetupWithManager registers the reconciler and what it watches.
func (r *OrphanReconciler) SetupWithManager(mgr ctrl.Manager, name string) error {
	return ctrl.NewControllerManagedBy(mgr).Named(name).
		For(r.New(), builder.WithPredicates(predicate.Or(usability, wiped))).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: sweepers,
			// A sweep that failed begins again from its start, and has the lists of others to share only so soon.
			RateLimiter: backoff(r.DriftInterval, driftsPerSweep*r.DriftInterval),
		}).
		Complete(r)
}

// Reconcile sweeps if it is time to, and reports.
func (r *OrphanReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	found := r.New()
	if err := r.Get(ctx, request.NamespacedName, found); err != nil {
		r.sweeps.forget(request.NamespacedName)
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if found.GetConnectionSpec().OrphanPolicy == v1alpha1.OrphanPolicyIgnore {
		r.sweeps.forget(request.NamespacedName)
		return r.report(ctx, found, nil)
	}
	if usable := connection.Usable(found) == nil; !usable || !found.GetDeletionTimestamp().IsZero() {
		return ctrl.Result{}, nil // the end of that is an event
	}
	// Like everything that a start brings about, the first sweep is not at once, and not everybody's at the same time.
	latest := r.sweeps.of(found, r.Clock.Now().Add(plan.Spread(r.DriftInterval, string(found.GetUID()))))
	if !r.Clock.Now().Before(latest.next) {
		err := r.sweep(ctx, found, latest)
		if wait := retryAfter(err); wait > r.DriftInterval {
			return after(wait)
		}
		if err != nil {
			return ctrl.Result{}, err
		}
	}
	if !latest.complete {
		return after(latest.next.Sub(r.Clock.Now()))
	}
	result, err := r.report(ctx, found, new(int32(len(latest.orphans)))) //nolint:gosec // maxOrphans is the most
	if result.IsZero() && err == nil {
		return after(latest.next.Sub(r.Clock.Now()))
	}
	return result, err
}

// report writes the number of orphans into the status, if it changed.
func (r *OrphanReconciler) report(ctx context.Context, found v1alpha1.Connection, orphans *int32) (ctrl.Result, error) {
	changed := found.DeepCopyObject().(v1alpha1.Connection)
	status := changed.GetConnectionStatus()
	if before := status.Orphans; before == orphans || before != nil && orphans != nil && *before == *orphans {
		return ctrl.Result{}, nil
	}
	status.Orphans = orphans
	patch := client.MergeFromWithOptions(found, client.MergeFromWithOptimisticLock{})
	err := client.IgnoreNotFound(r.Status().Patch(ctx, changed, patch))
	if apierrors.IsConflict(err) {
		return after(conflictWait)
	}
	return ctrl.Result{}, err
}
