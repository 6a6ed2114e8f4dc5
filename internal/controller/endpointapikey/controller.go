// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package endpointapikey holds the reconciler of EndpointAPIKeys. It observes, has package plan make a plan, executes one
// action of it, and reports. Package plan decides what is safe when; nothing here does.
package endpointapikey

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
	"github.com/cognigy-operator/cognigy-operator/internal/tracing"
)

// Reconciler keeps one working key in the Secret of every EndpointAPIKey.
type Reconciler struct {
	// Client reads from the cache, but Secrets from the API server.
	client.Client
	// APIReader reads everything from the API server.
	APIReader client.Reader
	// Cache reads everything from the cache; of Secrets, it has the metadata.
	Cache       client.Reader
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
	// ListLag is how long a list of keys may take to show what was done.
	ListLag time.Duration
	// Probe has a connection probed through which a request failed.
	Probe func(v1alpha1.Connection)

	lead          sync.Once
	leaderSince   time.Time // set by lead
	issuances     issuanceLog
	located       located
	confirmations workqueue.TypedRateLimiter[reconcile.Request]
	failures      workqueue.TypedRateLimiter[reconcile.Request]
	waker         kube.Waker
}

// +kubebuilder:rbac:groups=cognigy-operator.io,resources=endpointapikeys,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=cognigy-operator.io,resources=endpointapikeys/status,verbs=patch
// +kubebuilder:rbac:groups=cognigy-operator.io,resources=endpointapikeys/finalizers,verbs=update
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;list;watch;create;update;patch;delete
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// SetupWithManager registers the reconciler and what it watches.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	r.confirmations, r.failures = kube.Backoff(confirmInterval, longestRetry), kube.Backoff(kube.ShortestRetry, r.DriftInterval)
	if err := addIndexes(context.Background(), mgr.GetFieldIndexer()); err != nil {
		return err
	}
	news := builder.WithPredicates(predicate.Funcs{CreateFunc: func(e event.CreateEvent) bool { return r.isNews(e.Object) }})
	usability := builder.WithPredicates(kube.UsabilityChanged)
	made := ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.EndpointAPIKey{}, builder.WithPredicates(kube.Relevant)).
		Watches(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.requestsOfSecret), builder.OnlyMetadata, news).
		Watches(&v1alpha1.CognigyConnection{}, handler.EnqueueRequestsFromMapFunc(r.requestsOfConnection), usability).
		WatchesRawSource(&r.waker).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: ratelimit.ConcurrencyLimit, RateLimiter: kube.Remembering(r.failures, longestRetry),
		})
	if !r.Connections.NamespacedOnly { // else the operator need not be permitted to read what has no namespace
		made.Watches(&v1alpha1.ClusterCognigyConnection{}, handler.EnqueueRequestsFromMapFunc(r.requestsOfConnection), usability).
			Watches(&corev1.Namespace{}, handler.EnqueueRequestsFromMapFunc(r.requestsOfNamespace), builder.OnlyMetadata)
	}
	return made.Complete(r.Traces.Reconciler(&v1alpha1.EndpointAPIKey{}, "", r))
}

// Reconcile takes one step: observe, plan, execute, restart what uses the key, report.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	// Reconciles begin with leadership, which on a standby comes long after its start.
	r.lead.Do(func() { r.leaderSince = r.Clock.Now() })
	defer r.Connections.Hosts.CancelReservation(request.String())
	key, waits := r.reserveFirst(ctx, request)
	if waits {
		return ctrl.Result{}, nil // the resource is woken
	}
	var err error
	if key == nil {
		// The cache often lags behind a write of our own, and acting on that costs writes that Kubernetes refuses.
		key = &v1alpha1.EndpointAPIKey{}
		err = r.APIReader.Get(ctx, request.NamespacedName, key)
	}
	if apierrors.IsNotFound(err) {
		r.failures.Forget(request)
		r.confirmations.Forget(request)
		r.located.forget(request.NamespacedName)
		r.Connections.Hosts.Cancel(request.String())
		return ctrl.Result{RequeueAfter: r.cleanUpDeleted(ctx, request.NamespacedName, "")}, nil
	}
	if err != nil {
		return ctrl.Result{}, err
	}
	s, err := r.observe(ctx, key)
	if err != nil {
		return ctrl.Result{}, err
	}
	next, failure := r.step(ctx, s)
	if s.released {
		return ctrl.Result{}, failure
	}
	r.restart(ctx, s, next)
	if err := r.report(ctx, s, next, failure); err != nil {
		failure = err // the next reconcile reports, soon
	}
	r.issuances.update(s.key)
	r.countDeferred(s.key, next)
	result, failure := r.result(request, s, next, failure)
	// The keys of a deleted resource of this name come after what this resource needs.
	cleanUp := r.cleanUpDeleted(ctx, request.NamespacedName, key.UID)
	if failure == nil { // after a failure, the whole reconcile is repeated anyway
		result.RequeueAfter, result.Priority = minNonZero(result.RequeueAfter, cleanUp), new(priority(next))
	}
	return result, failure
}

// step lists the keys if the plan is to, and executes the plan. It returns what remains to be done.
func (r *Reconciler) step(ctx context.Context, s *scope) (next plan.Plan, failure error) {
	defer func() { r.release(s, failure) }()
	next = r.plan(s)
	if next.Do == plan.List && s.undecided() {
		if failure = r.decide(ctx, s); failure != nil {
			return next, failure
		}
		next = r.plan(s)
	}
	if next.Do == plan.List {
		s.setDriftCheck(r.isDriftCheck(next))
		r.logDecision(ctx, next)
		if failure = r.observeFresh(ctx, s, next.ListNotBefore); failure == nil {
			next = r.plan(s)
		}
	}
	if failure == nil && next.Do != plan.Wait {
		r.logDecision(ctx, next)
		if failure = r.execute(ctx, s, next); s.released {
			return next, failure
		}
		// The scope holds the objects as the action left them: the report speaks of the state after it.
		r.derive(s)
		next = r.plan(s)
	}
	if failure == nil && next.Do == plan.Wait && s.listing != nil {
		failure = r.checkName(ctx, s)
	}
	return next, failure
}

// plan makes a plan, and remembers since when the Secret's key is missing in lists.
func (r *Reconciler) plan(s *scope) plan.Plan {
	next := plan.Next(s.observed, r.Clock.Now(), s.timing)
	if session := r.knownSession(s); session != nil && s.observed.Secret.Intact {
		session.RememberMissing(s.endpointID, s.observed.Secret.KeyID, next.MissingSince)
	}
	return next
}

func (r *Reconciler) logDecision(ctx context.Context, next plan.Plan) {
	logf.FromContext(ctx).V(1).Info("decided", "action", next.Do, "why", next.Why, "state", next.State)
	tracing.Decided(ctx, string(next.Do), next.Why)
}
