// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// missingWait is the time between two looks for a credentials Secret that does not exist: only labelled Secrets are watched.
const missingWait = 3 * time.Second

// longestProbeWait keeps a connection's recovery from being noticed late: many resources may wait for it.
const longestProbeWait = 30 * time.Second

// maxDoubted bounds how many connections may be in doubt before the first of them is in the queue.
const maxDoubted = 64

// ConnectionReconciler probes connections of one kind and reports on them. Both kinds have one each.
type ConnectionReconciler struct {
	// Client reads from the cache, but Secrets from the API server.
	client.Client
	Connections *connection.Resolver
	Events      events.EventRecorder
	Clock       clock.PassiveClock
	// New returns an empty connection of the reconciler's kind, NewList an empty list of them.
	New     func() v1alpha1.Connection
	NewList func() client.ObjectList
	// ProbeInterval is the time between two probes of a connection that works.
	ProbeInterval time.Duration

	doubted chan event.GenericEvent
}

// +kubebuilder:rbac:groups=cognigy-operator.io,resources=cognigyconnections;clustercognigyconnections,verbs=get;list;watch
// +kubebuilder:rbac:groups=cognigy-operator.io,resources=cognigyconnections/status;clustercognigyconnections/status,verbs=patch

// SetupWithManager registers the reconciler and what it watches.
func (r *ConnectionReconciler) SetupWithManager(mgr ctrl.Manager) error {
	err := mgr.GetFieldIndexer().IndexField(context.Background(), r.New(), indexSecret, func(object client.Object) []string {
		return []string{r.Connections.SecretName(object.(v1alpha1.Connection)).String()}
	})
	if err != nil {
		return err
	}
	r.doubted = make(chan event.GenericEvent, maxDoubted)
	return ctrl.NewControllerManagedBy(mgr).
		For(r.New(), builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}, wiped))).
		Watches(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.connectionsOfSecret), builder.OnlyMetadata).
		WatchesRawSource(source.Channel(r.doubted, &handler.EnqueueRequestForObject{})).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: workers,
			RateLimiter:             backoff(shortestWait, longestProbeWait),
		}).
		Complete(r)
}

// Doubt has a connection probed at once.
func (r *ConnectionReconciler) Doubt(found v1alpha1.Connection) {
	select {
	case r.doubted <- event.GenericEvent{Object: found}:
	default: // the next request that fails asks again
	}
}

// Reconcile probes a connection and reports.
func (r *ConnectionReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	found := r.New()
	if err := r.Get(ctx, request.NamespacedName, found); err != nil {
		found.SetNamespace(request.Namespace)
		found.SetName(request.Name)
		r.Connections.Forget(found)
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	failure := r.probe(ctx, found)
	problem := problemOf(failure)
	if failure != nil && problem == nil {
		return ctrl.Result{}, failure
	}
	if cognigy.IsKind(failure, cognigy.RateLimited) && connection.Usable(found) == nil {
		return again(failure) // who asks to slow down is there
	}
	if err := r.report(ctx, found, problem); apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: conflictWait}, nil
	} else if err != nil {
		return ctrl.Result{}, err
	}
	switch {
	case problem == nil:
		return ctrl.Result{RequeueAfter: plan.Spread(r.ProbeInterval, string(found.GetUID()))}, nil
	case problem.Reason == v1alpha1.ReasonCredentialsNotFound:
		return ctrl.Result{RequeueAfter: missingWait}, nil
	default:
		return again(failure)
	}
}

// again probes again when the failure says, or as late as there were failures.
func again(failure error) (ctrl.Result, error) {
	if wait := retryAfter(failure); wait > 0 {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	return ctrl.Result{}, failure
}

// probe sends an authenticated request. It waits for no turn, since many resources may wait for the answer.
func (r *ConnectionReconciler) probe(ctx context.Context, found v1alpha1.Connection) error {
	if err := selectorProblem(found); err != nil {
		return err
	}
	link, err := r.Connections.Link(ctx, found)
	if err != nil {
		return err
	}
	sent := r.Clock.Now()
	err = link.Probe(ctx)
	link.Learn(err, sent, r.Clock.Now())
	if err == nil && wasDown(found) {
		link.Calm(r.Clock.Now())
	}
	return err
}

// wasDown tells whether the last probe did not reach Cognigy.
func wasDown(found v1alpha1.Connection) bool {
	before := meta.FindStatusCondition(found.GetConnectionStatus().Conditions, v1alpha1.ConditionReady)
	return before != nil && before.Reason == v1alpha1.ReasonUnavailable
}

// selectorProblem reports a selector that the API server accepts and that selects nothing.
func selectorProblem(found v1alpha1.Connection) error {
	cluster, ok := found.(*v1alpha1.ClusterCognigyConnection)
	if !ok {
		return nil
	}
	if _, err := metav1.LabelSelectorAsSelector(cluster.Spec.AllowedNamespaces.Selector); err != nil {
		return &connection.Problem{
			Reason: v1alpha1.ReasonInvalidSpec, Stalled: true,
			Message: "allowedNamespaces.selector cannot be used, so that no namespace is allowed: " + err.Error(),
		}
	}
	return nil
}

func (r *ConnectionReconciler) report(ctx context.Context, found v1alpha1.Connection, problem *connection.Problem) error {
	changed := found.DeepCopyObject().(v1alpha1.Connection)
	status := changed.GetConnectionStatus()
	status.ObservedGeneration = found.GetGeneration()
	status.LastHandledReconcileAt = requested(found)
	wanted := []metav1.Condition{ready(true, v1alpha1.ReasonConnected, "Cognigy answers and accepts the credentials")}
	if problem != nil {
		wanted = []metav1.Condition{ready(false, problem.Reason, problem.Message), inTheWay(problem)}
	}
	setConditions(&status.Conditions, found.GetGeneration(), r.Clock.Now(), wanted)
	if equality.Semantic.DeepEqual(status, found.GetConnectionStatus()) {
		return nil
	}
	patch := client.MergeFromWithOptions(found, client.MergeFromWithOptimisticLock{})
	if err := r.Status().Patch(ctx, changed, patch); err != nil {
		return client.IgnoreNotFound(err)
	}
	before := meta.FindStatusCondition(found.GetConnectionStatus().Conditions, v1alpha1.ConditionReady)
	if after := wanted[0]; before == nil || before.Reason != after.Reason {
		kind := corev1.EventTypeNormal
		if problem != nil {
			kind = corev1.EventTypeWarning
		}
		r.Events.Eventf(changed, nil, kind, after.Reason, "Probe", "%s", clip(after.Message, maxNote))
	}
	return nil
}

func (r *ConnectionReconciler) connectionsOfSecret(ctx context.Context, secret client.Object) []reconcile.Request {
	found := r.NewList()
	if err := r.List(ctx, found, client.MatchingFields{indexSecret: client.ObjectKeyFromObject(secret).String()}); err != nil {
		return nil // the cache is read, which fails at shutdown only
	}
	var requests []reconcile.Request
	_ = meta.EachListItem(found, func(item runtime.Object) error {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(item.(client.Object))})
		return nil
	})
	return requests
}
