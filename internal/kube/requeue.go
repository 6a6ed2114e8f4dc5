// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	// Workers is how many objects a controller reconciles at a time; most of that time they wait for a server.
	Workers = 64
	// ShortestRetry is the wait after the first failure of an item.
	ShortestRetry = 500 * time.Millisecond
	// ConflictInterval lets the cache catch up after a conflicting write.
	ConflictInterval = 200 * time.Millisecond
	// Jitter is by which share a wait is longer at most, so that resources that failed together are not retried together.
	Jitter = 0.5
)

// After reconciles again after a wait.
func After(wait time.Duration) (ctrl.Result, error) {
	return ctrl.Result{RequeueAfter: max(wait, time.Millisecond)}, nil
}

// Written is the end of a reconcile whose last step was a write: a conflict is retried soon, and an object that is gone
// needs no write.
func Written(err error) (ctrl.Result, error) {
	if apierrors.IsConflict(err) {
		return After(ConflictInterval)
	}
	return ctrl.Result{}, client.IgnoreNotFound(err)
}

// Backoff waits twice as long after each failure of an item, from the shortest to the longest wait, with jitter.
func Backoff(shortest, longest time.Duration) workqueue.TypedRateLimiter[reconcile.Request] {
	return &jittered{workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](shortest, longest)}
}

// Remembering has a queue wait as long as a limiter says, but for a longest wait. It leaves it to the reconciler to forget
// failures: the queue would forget them whenever an object waits for the rate limit.
func Remembering(limiter workqueue.TypedRateLimiter[reconcile.Request], longest time.Duration) workqueue.TypedRateLimiter[reconcile.Request] {
	return remembering{limiter, longest}
}

type remembering struct {
	workqueue.TypedRateLimiter[reconcile.Request]
	longest time.Duration
}

// When implements workqueue.TypedRateLimiter.
func (r remembering) When(item reconcile.Request) time.Duration {
	return min(r.TypedRateLimiter.When(item), r.longest)
}

// Forget implements workqueue.TypedRateLimiter.
func (remembering) Forget(reconcile.Request) {}

type jittered struct {
	workqueue.TypedRateLimiter[reconcile.Request]
}

// When implements workqueue.TypedRateLimiter.
func (j *jittered) When(item reconcile.Request) time.Duration {
	return wait.Jitter(j.TypedRateLimiter.When(item), Jitter)
}
