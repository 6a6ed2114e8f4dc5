// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// jitter is by which share a wait is longer at most, so that what failed together is not tried again together.
const jitter = 0.5

// backoff waits twice as long after each failure of an item, from the shortest to the longest wait, with jitter.
func backoff(shortest, longest time.Duration) workqueue.TypedRateLimiter[reconcile.Request] {
	return &jittered{workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](shortest, longest)}
}

type jittered struct {
	workqueue.TypedRateLimiter[reconcile.Request]
}

// When implements workqueue.TypedRateLimiter.
func (j *jittered) When(item reconcile.Request) time.Duration {
	return wait.Jitter(j.TypedRateLimiter.When(item), jitter)
}

// unforgetting leaves it to the reconciler to forget failures: the queue would do so whenever somebody waits for a turn.
type unforgetting struct {
	workqueue.TypedRateLimiter[reconcile.Request]
}

// Forget implements workqueue.TypedRateLimiter.
func (unforgetting) Forget(reconcile.Request) {}
