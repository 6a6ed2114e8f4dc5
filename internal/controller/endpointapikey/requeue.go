// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/handler"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

const (
	// longestRetry is the longest time between two tries of a resource that fails on account of Kubernetes.
	longestRetry = 2 * time.Minute
	// confirmInterval is the time between a revocation and the list that is to confirm it; it doubles while lists show the key.
	confirmInterval = time.Second
)

// result says when to reconcile again.
func (r *Reconciler) result(request ctrl.Request, s *scope, next plan.Plan, failure error) (ctrl.Result, error) {
	if next.Do != plan.Revoke && next.Do != plan.List {
		r.confirmations.Forget(request)
	}
	if failure != nil {
		result, err := r.retry(request, next, failure)
		return r.noLater(result, s, next), err
	}
	result, err := r.proceed(request, next)
	return r.noLater(result, s, next), err
}

// proceed says when to reconcile again if nothing failed.
func (r *Reconciler) proceed(request ctrl.Request, next plan.Plan) (ctrl.Result, error) {
	if next.State != plan.Verifying && next.State != plan.EndpointNotFound { // which follow a failure
		r.failures.Forget(request)
	}
	switch {
	case next.State == plan.EndpointNotFound && next.Do == plan.Wait:
		return kube.After(max(next.RequeueAt.Sub(r.Clock.Now()), r.failures.When(request)))
	case next.Do == plan.Revoke && len(next.Revoke) > maxRevocations: // the others are next
		r.confirmations.Forget(request)
		return kube.After(confirmInterval)
	case next.Do == plan.Revoke:
		return kube.After(r.confirmations.When(request))
	case next.Do != plan.Wait:
		return kube.After(0)
	case next.RequeueAt.IsZero():
		return ctrl.Result{}, nil
	default:
		return kube.After(next.RequeueAt.Sub(r.Clock.Now()))
	}
}

// noLater has a deletion go on when its plan says so, whatever fails: with deletionPolicy Retain, the operator waits for Cognigy for a
// bounded time only. The plan is made again, since what it waited for may have come to pass during a request.
func (r *Reconciler) noLater(result ctrl.Result, s *scope, next plan.Plan) ctrl.Result {
	if next.State != plan.Revoking {
		return result
	}
	again := r.plan(s)
	due := again.RequeueAt.Sub(r.Clock.Now())
	if again.Do == plan.Retain && next.Do != plan.Retain {
		due = kube.ConflictInterval
	}
	if due > 0 {
		result.RequeueAfter = minNonZero(result.RequeueAfter, max(due, kube.ConflictInterval))
	}
	return result
}

// priority puts what is to be looked at again behind what is new and what was woken.
func priority(next plan.Plan) int {
	if next.Do == plan.Wait {
		return handler.LowPriority
	}
	return 0
}

// retry says when to reconcile again after a failure.
func (r *Reconciler) retry(request ctrl.Request, next plan.Plan, failure error) (ctrl.Result, error) {
	switch {
	case errors.Is(failure, ratelimit.ErrQueued): // the resource is woken
		return r.whileWaiting(next), nil
	case errors.Is(failure, errReplaced), apierrors.IsNotFound(failure), apierrors.IsConflict(failure), apierrors.IsAlreadyExists(failure):
		return kube.After(kube.ConflictInterval)
	case waitsForConnection(failure) && !errors.Is(failure, errUnprotected):
		return kube.After(wait.Jitter(longestRetry, kube.Jitter)) // an event tells when the connection recovers
	case connection.SuperKeyWait(failure) > 0:
		return kube.After(wait.Jitter(connection.SuperKeyWait(failure), kube.Jitter))
	case ratelimit.RetryAfter(failure) > 0:
		return kube.After(ratelimit.RetryAfter(failure))
	case cognigy.IsKind(failure, cognigy.RateLimited):
		return kube.After(0) // it waits in the queue
	case condition.FailureOf(failure) == nil:
		return ctrl.Result{}, failure
	case next.Do == plan.Wait:
		return kube.After(max(next.RequeueAt.Sub(r.Clock.Now()), r.backoff(request, failure)))
	default:
		return kube.After(r.backoff(request, failure))
	}
}

// whileWaiting says when to look again although the resource waits for the rate limit: something more urgent is due then.
func (r *Reconciler) whileWaiting(next plan.Plan) ctrl.Result {
	result := ctrl.Result{}
	for _, due := range []time.Time{next.RotatesAt, next.RetiresAt} {
		if wait := due.Sub(r.Clock.Now()); wait > 0 {
			result.RequeueAfter = minNonZero(result.RequeueAfter, wait)
		}
	}
	return result
}

// backoff counts a failure and returns how long to wait. What Cognigy refuses is tried less and less often, in the end as
// often as a drift check.
func (r *Reconciler) backoff(request ctrl.Request, failure error) time.Duration {
	wait := r.failures.When(request)
	if cognigy.AsError(failure) == nil {
		return min(wait, longestRetry)
	}
	return wait
}

func waitsForConnection(err error) bool {
	failure, ok := errors.AsType[*condition.Failure](err)
	return ok && (failure.Reason == v1alpha1.ReasonConnectionNotReady ||
		failure.Reason == v1alpha1.ReasonConnectionNotFound || failure.Reason == v1alpha1.ReasonConnectionNotAllowed)
}
