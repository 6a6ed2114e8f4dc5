// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package orphan holds the reconciler that scans Cognigy for orphans: keys of this cluster whose EndpointAPIKey does not exist
// any more. A process that was paused in the middle of a POST leaves such a key, and so does a finalizer that someone removed
// by force.
package orphan

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
	"github.com/cognigy-operator/cognigy-operator/internal/tracing"
)

// workers is how many connections are scanned at a time, one of each tenant. A scan holds its worker while it waits for
// the rate limit or for Cognigy, but yields it after a drift interval: tenants whose Cognigys are slow share workers with all others.
const workers = 32

// Metrics counts what the reconciler does with orphans.
type Metrics interface {
	OrphanRevoked(found v1alpha1.Connection)
}

// Reconciler scans the Endpoints that connections of one kind reach.
type Reconciler struct {
	// Client reads from the cache.
	client.Client
	// APIReader reads from the API server, in all namespaces: resources that this operator does not watch have keys, too.
	APIReader   client.Reader
	Kind        connection.Kind
	Connections *connection.Resolver
	Events      events.EventRecorder
	Metrics     Metrics
	Audit       *audit.Trail
	Traces      *tracing.Traces
	Clock       clock.PassiveClock
	// Identity is that of this cluster in the names of keys.
	Identity plan.Identity
	// DriftInterval is the time between two drift checks of an Endpoint's keys.
	DriftInterval time.Duration

	history  history
	scanning scanning
}

// SetupWithManager registers the reconciler and what it watches.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	name := r.Kind.Prefix + "orphans"
	return ctrl.NewControllerManagedBy(mgr).Named(name).
		For(r.Kind.New(), builder.WithPredicates(predicate.Or(kube.UsabilityChanged, kube.StatusCleared, predicate.AnnotationChangedPredicate{}))).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: workers,
			UsePriorityQueue:        new(false), // first come, first served: a scan that yielded comes last, whatever caused it
			// A scan that failed starts over. Within a drift interval it would find few lists to share.
			RateLimiter: kube.Backoff(r.DriftInterval, driftChecksPerScan*r.DriftInterval),
		}).
		Complete(r.Traces.Reconciler(r.Kind.New(), name, r))
}

// Reconcile scans if a scan is due, and reports.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	// The cache may not show the report of the latest scan yet.
	found := r.Kind.New()
	if err := r.APIReader.Get(ctx, request.NamespacedName, found); apierrors.IsNotFound(err) {
		r.forget(request.NamespacedName)
		return ctrl.Result{}, nil
	} else if err != nil { // the API server fails, which says nothing about the connection
		return ctrl.Result{}, err
	}
	if found.GetConnectionSpec().OrphanPolicy == v1alpha1.OrphanPolicyIgnore {
		r.forget(request.NamespacedName)
		return kube.Written(r.reportIgnored(ctx, found))
	}
	if !isUsable(found) {
		r.scanning.end(request.NamespacedName)
		return ctrl.Result{}, nil // an event tells when it is
	}
	if left := r.nextScan(found).Sub(r.Clock.Now()); left > 0 {
		return kube.After(left)
	}
	if !r.scanning.begin(found) {
		return kube.After(wait.Jitter(r.DriftInterval/10, kube.Jitter))
	}
	again, err := r.scan(ctx, found)
	if errors.Is(err, errYielded) {
		return kube.After(0)
	}
	r.scanning.end(request.NamespacedName)
	if retryAfter := ratelimit.RetryAfter(err); retryAfter > r.DriftInterval {
		return kube.After(retryAfter)
	}
	if err != nil {
		return ctrl.Result{}, err
	}
	return kube.After(again)
}

// forget drops what is known of the scans of a connection.
func (r *Reconciler) forget(name types.NamespacedName) {
	r.history.forget(name)
	r.scanning.end(name)
}

func isUsable(found v1alpha1.Connection) bool {
	return found.GetDeletionTimestamp().IsZero() && connection.Usable(found) == nil
}
