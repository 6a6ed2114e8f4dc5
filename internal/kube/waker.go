// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"sync"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// wakePriority puts what is woken before what changed, which has priority 0.
const wakePriority = 1

// Waker is a source of a controller that has objects reconciled at once, before all others.
type Waker struct {
	mu    sync.Mutex
	queue workqueue.TypedRateLimitingInterface[reconcile.Request] // nil before Start
}

// Start implements source.Source.
func (w *Waker) Start(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = queue
	return nil
}

// Wake has an object reconciled. It does not block. A controller that has not started yet reconciles everything anyway.
func (w *Waker) Wake(request reconcile.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch queue := w.queue.(type) {
	case nil:
	case priorityqueue.PriorityQueue[reconcile.Request]:
		queue.AddWithOpts(priorityqueue.AddOpts{Priority: new(wakePriority)}, request)
	default:
		queue.Add(request)
	}
}
