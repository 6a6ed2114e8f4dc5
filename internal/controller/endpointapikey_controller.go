// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"errors"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

const (
	// workers bounds how many resources are worked on at a time; most of that time is spent waiting for Cognigy.
	workers = 64
	// Failures are retried after the shortest wait first, then after twice as long each time, up to the longest.
	shortestWait = 500 * time.Millisecond
	longestWait  = 2 * time.Minute
	// conflictWait lets the cache catch up after a write that came too late.
	conflictWait = 200 * time.Millisecond
	// confirmWait is the time between a revocation and the list that is to confirm it; more if the key is listed still.
	confirmWait = time.Second
)

// EndpointAPIKeyReconciler keeps one working key in the Secret of every EndpointAPIKey.
type EndpointAPIKeyReconciler struct {
	// Client reads from the cache, but Secrets from the API server.
	client.Client
	// Live reads everything from the API server.
	Live        client.Reader
	Connections *connection.Resolver
	Events      events.EventRecorder
	Clock       clock.PassiveClock
	// Cluster is the identity of this cluster in the names of keys.
	Cluster string
	// DriftInterval is the time between two looks at the keys of an Endpoint.
	DriftInterval time.Duration
	// ListLag is how long a list of keys may take to show what was done.
	ListLag time.Duration
	// Doubt asks for a probe of a connection through which a request failed.
	Doubt func(v1alpha1.Connection)

	lead          sync.Once
	started       time.Time // of the work, by lead
	mints         mintLog
	confirmations workqueue.TypedRateLimiter[reconcile.Request]
	failures      workqueue.TypedRateLimiter[reconcile.Request]
}

// +kubebuilder:rbac:groups=cognigy-operator.io,resources=endpointapikeys,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=cognigy-operator.io,resources=endpointapikeys/status,verbs=patch
// +kubebuilder:rbac:groups=cognigy-operator.io,resources=endpointapikeys/finalizers,verbs=update
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;list;watch;create;update;patch;delete
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// SetupWithManager registers the reconciler and what it watches.
func (r *EndpointAPIKeyReconciler) SetupWithManager(mgr ctrl.Manager) error {
	r.confirmations, r.failures = backoff(confirmWait, longestWait), backoff(shortestWait, longestWait)
	if err := indexKeys(context.Background(), mgr.GetFieldIndexer()); err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.EndpointAPIKey{}, builder.WithPredicates(relevant)).
		Watches(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.keysOfSecret), builder.OnlyMetadata).
		Watches(&v1alpha1.CognigyConnection{}, handler.EnqueueRequestsFromMapFunc(r.keysOfConnection), builder.WithPredicates(usability)).
		Watches(&v1alpha1.ClusterCognigyConnection{}, handler.EnqueueRequestsFromMapFunc(r.keysOfConnection), builder.WithPredicates(usability)).
		Watches(&corev1.Namespace{}, handler.EnqueueRequestsFromMapFunc(r.keysOfNamespace), builder.OnlyMetadata).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: workers,
			RateLimiter:             unforgetting{r.failures},
		}).
		Complete(r)
}

// Reconcile takes one step: observe, plan, act, report.
func (r *EndpointAPIKeyReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	// Reconciles begin with leadership, which on a standby is long after its start.
	r.lead.Do(func() { r.started = r.Clock.Now() })
	// The cache is often a write of our own behind, and acting on that costs writes that are refused.
	key := &v1alpha1.EndpointAPIKey{}
	err := r.Live.Get(ctx, request.NamespacedName, key)
	if client.IgnoreNotFound(err) != nil {
		return ctrl.Result{}, err
	}
	if apierrors.IsNotFound(err) {
		r.failures.Forget(request)
		r.confirmations.Forget(request)
		return ctrl.Result{RequeueAfter: r.takeBack(ctx, request.NamespacedName, "")}, nil
	}
	r.mints.see(key)
	p, err := r.observe(ctx, key)
	if err != nil {
		return ctrl.Result{}, err
	}
	next, failure := r.step(ctx, p)
	if p.released {
		return ctrl.Result{}, failure
	}
	if err := r.report(ctx, p, next, failure); err != nil {
		failure = err // what was to be reported happens again soon
	}
	result, failure := r.result(request, next, failure)
	// What a former resource of this name has left comes after what this one needs.
	again := r.takeBack(ctx, request.NamespacedName, key.UID)
	if failure == nil { // after a failure this pass is repeated anyway
		result.RequeueAfter = sooner(result.RequeueAfter, again)
	}
	return result, failure
}

// step looks, if the plan is to, and acts. It returns what remains to be done.
func (r *EndpointAPIKeyReconciler) step(ctx context.Context, p *pass) (next plan.Plan, failure error) {
	defer func() { r.leave(p, failure) }()
	next = r.plan(p)
	if next.Do == plan.List {
		if failure = r.look(ctx, p, next.ListNotBefore); failure == nil {
			next = r.plan(p)
		}
	}
	if failure == nil && next.Do != plan.Wait {
		if failure = r.act(ctx, p, next); p.released {
			return next, failure
		}
		// What the action changed is known: the report speaks of the state after it.
		r.refresh(p)
		next = r.plan(p)
	}
	return next, failure
}

func (r *EndpointAPIKeyReconciler) plan(p *pass) plan.Plan {
	next := plan.Next(p.observed, r.Clock.Now(), p.timing)
	if link := r.knownLink(p); link != nil && p.observed.Secret.Intact {
		link.RememberMissing(p.key.Spec.Endpoint.ID, p.observed.Secret.KeyID, next.MissingSince)
	}
	return next
}

// result says when to look again.
func (r *EndpointAPIKeyReconciler) result(request ctrl.Request, next plan.Plan, failure error) (ctrl.Result, error) {
	if next.Do != plan.Revoke && next.Do != plan.List {
		r.confirmations.Forget(request)
	}
	if failure != nil {
		return r.resultOf(request, next, failure)
	}
	if next.State != plan.Verifying { // which follows a failure
		r.failures.Forget(request)
	}
	switch {
	case next.Do == plan.Revoke:
		return after(r.confirmations.When(request))
	case next.Do != plan.Wait:
		return after(0)
	case next.RequeueAt.IsZero():
		return ctrl.Result{}, nil
	default:
		return after(next.RequeueAt.Sub(r.Clock.Now()))
	}
}

// resultOf says when to try again after a failure.
func (r *EndpointAPIKeyReconciler) resultOf(request ctrl.Request, next plan.Plan, failure error) (ctrl.Result, error) {
	switch {
	case errors.Is(failure, errGone), apierrors.IsNotFound(failure), apierrors.IsConflict(failure), apierrors.IsAlreadyExists(failure):
		return after(conflictWait)
	case waitsForConnection(failure) && !errors.Is(failure, errUnprotected):
		return after(wait.Jitter(longestWait, jitter)) // its recovery is an event
	case retryAfter(failure) > 0:
		return after(retryAfter(failure))
	case next.Do != plan.Wait, next.RequeueAt.IsZero(), problemOf(failure) == nil:
		return ctrl.Result{}, failure
	default:
		return after(max(next.RequeueAt.Sub(r.Clock.Now()), r.failures.When(request)))
	}
}

func after(wait time.Duration) (ctrl.Result, error) {
	return ctrl.Result{RequeueAfter: max(wait, time.Millisecond)}, nil
}

func waitsForConnection(err error) bool {
	problem := (*connection.Problem)(nil)
	return errors.As(err, &problem) && (problem.Reason == v1alpha1.ReasonConnectionNotReady ||
		problem.Reason == v1alpha1.ReasonConnectionNotFound || problem.Reason == v1alpha1.ReasonConnectionNotAllowed)
}

// retryAfter is how long to wait, if the failure says so.
func retryAfter(err error) time.Duration {
	if early := (*notYet)(nil); errors.As(err, &early) {
		return early.wait
	}
	if failure := cognigy.AsError(err); failure != nil {
		return failure.RetryAfter
	}
	return 0
}
