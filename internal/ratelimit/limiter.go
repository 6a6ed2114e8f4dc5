// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Limit is a token bucket's.
type Limit struct {
	PerSecond int // requests per second in the long run
	Burst     int // requests at once
}

// Limiter limits the requests to one host: their rate, and per connection how many resources are worked on at a time. It is
// safe for concurrent use.
type Limiter struct {
	mu       sync.Mutex
	limits   map[types.UID]Limit // by connection
	bucket   bucket
	queue    queue
	acquired map[types.UID]concurrency // by connection
}

// New returns a limiter that has no limit before SetLimit sets one.
func New() *Limiter {
	return &Limiter{
		limits: map[types.UID]Limit{}, acquired: map[types.UID]concurrency{},
		queue: queue{waiters: map[types.UID]*waiter{}},
	}
}

// SetLimit sets what a connection permits. The largest limit of the host's connections applies.
func (l *Limiter) SetLimit(connection types.UID, limit Limit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limits[connection] = limit
	l.bucket.setLimit(l.largest())
}

// Forget drops the limit of a connection that is gone.
func (l *Limiter) Forget(connection types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.limits, connection)
	if len(l.limits) > 0 {
		l.bucket.setLimit(l.largest())
	}
}

func (l *Limiter) largest() Limit {
	var largest Limit
	for _, limit := range l.limits {
		if limit.PerSecond > largest.PerSecond || limit.PerSecond == largest.PerSecond && limit.Burst > largest.Burst {
			largest = limit
		}
	}
	return largest
}

// Request asks to work on an Endpoint through a connection.
type Request struct {
	Waiter     types.UID // of the resource
	Connection types.UID
	EndpointID string
	Failing    bool // the resource failed before: it queues behind those that did not
}

// Acquire returns zero if the request may be sent now, and keeps its place in the connection's concurrency limit until
// Release. Otherwise it returns when to try again.
func (l *Limiter) Acquire(r Request, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine := l.queue.join(r.Waiter, now)
	mine.failing = r.Failing
	working := l.acquired[r.Connection]
	wait := l.wait(mine, 1, now)
	if wait == 0 {
		if wait = working.wait(r.EndpointID, now); wait > 0 {
			mine.blockedBy = r.EndpointID
			// Those that wait for the same Endpoint do not return together.
			wait += wait * time.Duration(l.queue.ahead(mine, now)) / concurrencyLimit
		}
	}
	if wait == 0 {
		if working == nil {
			working = concurrency{}
			l.acquired[r.Connection] = working
		}
		working[r.Waiter] = holder{endpointID: r.EndpointID, since: now}
	}
	return l.settle(r.Waiter, 1, wait, now)
}

// Release ends what Acquire began, and observes the outcome.
func (l *Limiter) Release(r Request, outcome error, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	working := l.acquired[r.Connection]
	l.bucket.observe(outcome, working[r.Waiter].since, now)
	if delete(working, r.Waiter); len(working) == 0 {
		delete(l.acquired, r.Connection)
	}
}

// Reserve returns zero if a number of requests may be sent now, outside the concurrency limit. Otherwise it returns when to
// try again.
func (l *Limiter) Reserve(waiter types.UID, requests int, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine := l.queue.join(waiter, now)
	return l.settle(waiter, requests, l.wait(mine, requests, now), now)
}

// Charge accounts for requests that were sent beyond the one that was acquired: later ones wait longer.
func (l *Limiter) Charge(requests int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bucket.level -= float64(requests)
}

// Observe learns from the outcome of a request that did not wait.
func (l *Limiter) Observe(outcome error, sent, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bucket.observe(outcome, sent, now)
}

// RetryAfter is what is left of the window in which Cognigy wants no request, even from those that acquired one.
func (l *Limiter) RetryAfter(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bucket.window(now)
}

// SlowStart halves the rate and empties the bucket: after an outage, every resource wants to send at once, and Cognigy may
// not bear that yet.
func (l *Limiter) SlowStart(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bucket.slowStart(now)
}

// wait is how long a waiter has to wait for requests.
func (l *Limiter) wait(mine *waiter, requests int, now time.Time) time.Duration {
	mine.blockedBy = ""
	window, wait := l.bucket.wait(l.queue.ahead(mine, now), requests, now)
	if wait > shortestEarly {
		wait = max(shortestEarly, wait/2)
	}
	return window + wait
}

// settle notes what a waiter is told: to go on, which takes its requests out of the bucket, or to return later.
func (l *Limiter) settle(id types.UID, requests int, wait time.Duration, now time.Time) time.Duration {
	l.queue.waiters[id].until = now.Add(wait)
	if wait == 0 {
		delete(l.queue.waiters, id)
		l.bucket.take(requests)
	}
	return wait
}
