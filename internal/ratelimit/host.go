// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// longestWait is the time after which a host looks again for a waiter that it can serve.
const longestWait = time.Minute

// Request is one that a waiter wants to send.
type Request struct {
	Waiter     string // who sends it: unique, and the same when it tries again
	Namespace  string // whose share it uses; empty for a connection of the cluster-wide kind
	Connection types.UID
	EndpointID string // empty if the request is for none
	Routine    bool   // urgent requests come first: a drift check can wait, a new key cannot
	Wake       func() // called once there is a reservation for the waiter; it does not block
}

// Host limits the requests to one host, and queues those that have to wait.
type Host struct {
	name         string
	hosts        *Hosts
	fixed        bool // an administrator has fixed the limit
	connections  map[types.UID]connection
	budget       budget
	queue        queue
	reservations map[*waiter]bool // that are not used yet
	timer        *time.Timer      // of the next dispatch
}

// Acquire returns true if the request may be sent now. It then counts as under way until Release. Otherwise the host queues the
// request, and wakes its waiter once there is a reservation for it, which the next Acquire uses.
func (h *Host) Acquire(r Request) (acquired bool) {
	h.hosts.change(func() []*waiter {
		w, woken := h.enqueue(r)
		if acquired = !w.reservedUntil.IsZero(); acquired {
			h.endReservation(w)
			w.acquiredAt = time.Now()
			w.use(1, w.acquiredAt)
			h.observeWait(w)
		}
		return woken
	})
	return acquired
}

// Reserve returns true if there is a reservation for the request, which then lasts until Acquire, CancelReservation or Cancel.
// Otherwise the host queues the request, as for Acquire.
func (h *Host) Reserve(r Request) (reserved bool) {
	h.hosts.change(func() []*waiter {
		w, woken := h.enqueue(r)
		reserved = !w.reservedUntil.IsZero()
		w.claimed = reserved
		return woken
	})
	return reserved
}

// Wait acquires the request, and blocks until it may be sent.
func (h *Host) Wait(ctx context.Context, r Request) error {
	reserved := make(chan struct{}, 1)
	r.Wake = func() {
		select {
		case reserved <- struct{}{}:
		default: // it was woken already
		}
	}
	for !h.Acquire(r) {
		select {
		case <-reserved:
		case <-ctx.Done():
			h.hosts.Cancel(r.Waiter)
			return ctx.Err()
		}
	}
	return nil
}

// Release ends the request of a waiter that acquired it, and learns from its outcome.
func (h *Host) Release(name string, outcome error) {
	h.hosts.change(func() []*waiter {
		w := h.hosts.waiters[name]
		if w == nil || w.acquiredAt.IsZero() {
			return nil
		}
		h.hosts.remove(w)
		h.observe(outcome, w.acquiredAt, time.Now())
		return h.hosts.dispatch()
	})
}

// Charge accounts for requests that a waiter sends beyond the one that it acquired: later ones wait longer.
func (h *Host) Charge(name string, requests int) {
	h.hosts.mu.Lock()
	defer h.hosts.mu.Unlock()
	if w := h.hosts.waiters[name]; w != nil {
		w.use(requests, time.Now())
	}
}

// Account accounts for a request that was sent without being acquired, since one that was needs it: for a token, for example. Later ones
// wait longer.
func (h *Host) Account(r Request) {
	h.hosts.mu.Lock()
	defer h.hosts.mu.Unlock()
	now := time.Now()
	for _, bucket := range h.budget.buckets(&r, now) {
		bucket.use(1, now)
	}
}

// RetryAfter is what is left of the window in which the host wants no request.
func (h *Host) RetryAfter() time.Duration {
	h.hosts.mu.Lock()
	defer h.hosts.mu.Unlock()
	return h.budget.window(time.Now())
}

// SlowStart has the host get few requests at first, after an outage that began at a time: every resource wants to send at once.
// A host that served anybody since then was not down.
func (h *Host) SlowStart(since time.Time) {
	h.hosts.mu.Lock()
	defer h.hosts.mu.Unlock()
	if h.budget.servedAt.Before(since) {
		h.budget.slowStart()
		h.budget.update(time.Now())
	}
}

// enqueue queues a request unless it is queued or reserved already, and makes reservations. It returns the other waiters to wake.
// The caller holds the lock.
func (h *Host) enqueue(r Request) (*waiter, []*waiter) {
	now := time.Now()
	known := h.hosts.waiters[r.Waiter]
	switch {
	case known == nil:
	case known.fits(h, r) && (known.reservedUntil.IsZero() || h.budget.window(now) == 0):
		return known, nil
	default: // it is for something else, or was reserved before the retry-after window began
		h.hosts.remove(known)
	}
	queued := &waiter{Request: r, host: h, queuedAt: now}
	h.hosts.waiters[r.Waiter] = queued
	h.queue.add(queued)
	woken := h.dispatch(now)
	if known != nil {
		woken = append(woken, h.hosts.dispatch()...) // others may use what it had
	}
	return queued, slices.DeleteFunc(woken, func(w *waiter) bool { return w == queued })
}

// dispatch makes reservations for the waiters that it can serve, and returns them. The caller holds the lock.
func (h *Host) dispatch(now time.Time) []*waiter {
	h.budget.update(now)
	var woken []*waiter
	for {
		next, wait := h.next(now)
		if next == nil {
			h.dispatchAfter(min(wait, h.nextExpiry(now)))
			return woken
		}
		h.reserve(next, now)
		woken = append(woken, next)
	}
}

// next removes the waiter from the queue that is served next and returns it, or nil and how long it takes until there may be one.
func (h *Host) next(now time.Time) (*waiter, time.Duration) {
	if h.queue.empty() {
		return nil, longestWait
	}
	if wait := h.budget.wait(now); wait > 0 {
		return nil, wait
	}
	return h.queue.next(waits{
		routine: h.budget.routine.wait(now),
		namespace: func(namespace string) time.Duration {
			// mutation: namespace-exceeds-concurrency-limit
			if !h.hosts.concurrency.admitsNamespace(namespace) {
				return longestWait // Release dispatches
			}
			// mutation: namespace-takes-every-token
			return h.budget.shares.wait(namespace, h.budget.all, now)
		},
		first: func(w *waiter) time.Duration {
			if !h.hosts.concurrency.admits(&w.Request) {
				return longestWait
			}
			return h.budget.waitOf(w.Connection, now)
		},
	})
}

// nextExpiry is how long it takes until the next reservation expires.
func (h *Host) nextExpiry(now time.Time) time.Duration {
	next := longestWait
	for w := range h.reservations {
		if !w.claimed {
			next = min(next, max(0, w.reservedUntil.Sub(now)))
		}
	}
	return next
}

// expire ends reservations that were not claimed in time.
func (h *Host) expire(now time.Time) {
	for w := range h.reservations {
		if !w.claimed && !now.Before(w.reservedUntil) {
			h.hosts.remove(w)
		}
	}
}

// dispatchAfter dispatches again after a time, while there are waiters or reservations.
func (h *Host) dispatchAfter(wait time.Duration) {
	if h.timer != nil {
		h.timer.Stop()
	}
	if h.queue.empty() && len(h.reservations) == 0 {
		return
	}
	h.timer = time.AfterFunc(wait, func() {
		h.hosts.change(func() []*waiter {
			now := time.Now()
			h.expire(now)
			return append(h.dispatch(now), h.hosts.dispatch()...) // all hosts share the concurrency limit
		})
	})
}
