// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import "time"

// turnTimeout is how long a turn is held for a waiter that was woken.
const turnTimeout = 10 * time.Second

// waiter is a request that waits, that has its turn, or that is under way.
type waiter struct {
	Request
	host      *Host
	turnUntil time.Time // until when its turn is held; zero while it waits
	claimed   bool      // it knows of its turn, which does not expire any more
	takenAt   time.Time // when it took its turn; zero before
	buckets   []*bucket // that have a token for its turn
}

// fits reports whether what a waiter waits for serves a request.
func (w *waiter) fits(h *Host, r Request) bool {
	return w.host == h && w.takenAt.IsZero() && w.Namespace == r.Namespace && w.Connection == r.Connection &&
		w.EndpointID == r.EndpointID && (!w.turnUntil.IsZero() || w.Routine == r.Routine)
}

// promise promises tokens to a waiter that gets its turn.
func (h *Host) promise(w *waiter, now time.Time) {
	h.turns[w] = true
	w.turnUntil, w.buckets = now.Add(turnTimeout), h.budget.buckets(&w.Request, now)
	for _, bucket := range w.buckets {
		bucket.promised++
	}
	h.hosts.places.hold(&w.Request, 1)
}

// endTurn ends the turn of a waiter: it takes it, or gives it up.
func (h *Host) endTurn(w *waiter) {
	delete(h.turns, w)
	for _, bucket := range w.buckets {
		bucket.promised--
	}
}

// use takes tokens for requests of a waiter.
func (w *waiter) use(requests int, now time.Time) {
	for _, bucket := range w.buckets {
		bucket.use(requests, now)
	}
}
