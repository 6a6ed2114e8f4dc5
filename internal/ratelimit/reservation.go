// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import "time"

// reservationTimeout is how long a reservation is held for a waiter that was woken.
const reservationTimeout = 10 * time.Second

// waiter is a request that is queued, reserved or under way.
type waiter struct {
	Request
	host          *Host
	queuedAt      time.Time
	reservedAt    time.Time // zero while it is queued
	reservedUntil time.Time // likewise
	claimed       bool      // it knows of its reservation, which does not expire any more
	acquiredAt    time.Time // when it got under way; zero before
	buckets       []*bucket // that have a token for it
}

// fits reports whether what a waiter waits for serves a request.
func (w *waiter) fits(h *Host, r Request) bool {
	return w.host == h && w.acquiredAt.IsZero() && w.Namespace == r.Namespace && w.Connection == r.Connection &&
		w.EndpointID == r.EndpointID && (!w.reservedUntil.IsZero() || w.Routine == r.Routine)
}

// reserve reserves tokens for a waiter.
func (h *Host) reserve(w *waiter, now time.Time) {
	h.reservations[w] = true
	w.reservedAt, w.reservedUntil, w.buckets = now, now.Add(reservationTimeout), h.budget.buckets(&w.Request, now)
	for _, bucket := range w.buckets {
		bucket.reserved++
	}
	h.hosts.concurrency.add(&w.Request, 1)
}

// endReservation ends the reservation of a waiter, which uses its tokens then or does not.
func (h *Host) endReservation(w *waiter) {
	delete(h.reservations, w)
	for _, bucket := range w.buckets {
		bucket.reserved--
	}
}

// use takes tokens for requests of a waiter.
func (w *waiter) use(requests int, now time.Time) {
	for _, bucket := range w.buckets {
		bucket.use(requests, now)
	}
}
