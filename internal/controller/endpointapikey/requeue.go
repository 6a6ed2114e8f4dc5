// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

const (
	// longestRetry is the longest time between two tries of a resource that fails.
	longestRetry = 2 * time.Minute
	// confirmInterval is the time between a revocation and the list that is to confirm it; it doubles while lists show the key.
	confirmInterval = time.Second
)

// result says when to reconcile again.
func (r *Reconciler) result(request ctrl.Request, next plan.Plan, failure error) (ctrl.Result, error) {
	if next.Do != plan.Revoke && next.Do != plan.List {
		r.confirmations.Forget(request)
	}
	if failure != nil {
		return r.retry(request, next, failure)
	}
	if next.State != plan.Verifying { // which follows a failure
		r.failures.Forget(request)
	}
	switch {
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

// retry says when to reconcile again after a failure.
func (r *Reconciler) retry(request ctrl.Request, next plan.Plan, failure error) (ctrl.Result, error) {
	switch {
	case errors.Is(failure, errReplaced), apierrors.IsNotFound(failure), apierrors.IsConflict(failure), apierrors.IsAlreadyExists(failure):
		return kube.After(kube.ConflictInterval)
	case waitsForConnection(failure) && !errors.Is(failure, errUnprotected):
		return kube.After(wait.Jitter(longestRetry, kube.Jitter)) // an event tells when the connection recovers
	case ratelimit.RetryAfter(failure) > 0:
		return kube.After(ratelimit.RetryAfter(failure))
	case next.Do != plan.Wait, next.RequeueAt.IsZero(), condition.FailureOf(failure) == nil:
		return ctrl.Result{}, failure
	default:
		return kube.After(max(next.RequeueAt.Sub(r.Clock.Now()), r.failures.When(request)))
	}
}

func waitsForConnection(err error) bool {
	failure, ok := errors.AsType[*condition.Failure](err)
	return ok && (failure.Reason == v1alpha1.ReasonConnectionNotReady ||
		failure.Reason == v1alpha1.ReasonConnectionNotFound || failure.Reason == v1alpha1.ReasonConnectionNotAllowed)
}

// remembering leaves it to the reconciler to forget failures: the queue would forget them whenever a resource waits for the
// rate limit.
type remembering struct {
	workqueue.TypedRateLimiter[reconcile.Request]
}

// Forget implements workqueue.TypedRateLimiter.
func (remembering) Forget(reconcile.Request) {}
