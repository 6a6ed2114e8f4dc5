// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// shortestEarly is the wait from which on a waiter is told to return early, at half of it: the rate may change meanwhile.
	shortestEarly = time.Second
	// yielding is how long a failing resource queues behind healthy ones. Bounded, so that it is eventually served.
	yielding = time.Minute
	// abandoned is how late a waiter may return before it loses its place.
	abandoned = time.Minute
)

// queue orders those that wait for requests to one host. The limiter holds the lock.
type queue struct {
	waiters map[types.UID]*waiter
	last    int // ticket
}

// waiter is a place in the queue.
type waiter struct {
	ticket    int
	since     time.Time // when it joined
	until     time.Time // when it is to return
	blockedBy string    // the Endpoint whose concurrency limit it waits for; it lets the others pass
	failing   bool      // it failed before, and lets those pass that did not
}

// join returns the place of a waiter, a new one at the end if it has none.
func (q *queue) join(id types.UID, now time.Time) *waiter {
	if q.waiters[id] == nil {
		q.last++
		q.waiters[id] = &waiter{ticket: q.last, since: now}
	}
	q.waiters[id].until = now
	return q.waiters[id]
}

// ahead counts the waiters before this one that wait for the same: for requests, or for the same Endpoint. One that is late
// does not delay the others.
func (q *queue) ahead(mine *waiter, now time.Time) int {
	ahead := 0
	for id, other := range q.waiters {
		switch {
		case now.After(other.until.Add(abandoned)):
			delete(q.waiters, id)
		case other.blockedBy == mine.blockedBy && other.before(mine, now) && now.Before(other.until):
			ahead++
		}
	}
	return ahead
}

// before reports which of two waiters comes first.
func (w *waiter) before(other *waiter, now time.Time) bool {
	if yields := w.yields(now); yields != other.yields(now) {
		return !yields
	}
	return w.ticket < other.ticket
}

// yields reports whether healthy resources come before this one, whenever they joined.
func (w *waiter) yields(now time.Time) bool { return w.failing && now.Before(w.since.Add(yielding)) }
