// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// longestWait is the time after which a host looks again for a waiter that may have a turn.
const longestWait = time.Minute

// Request asks for a turn.
type Request struct {
	Waiter     string // who asks: unique, and the same when it asks again
	Namespace  string // whose turns are used; empty for what belongs to no namespace
	Connection types.UID
	EndpointID string // empty if the request is for none
	Routine    bool   // urgent requests come first: a drift check can wait, a new key cannot
	Wake       func() // called once the waiter has its turn; it does not block
}

// Host gives turns to those that want to send requests to one host.
type Host struct {
	hosts       *Hosts
	fixed       bool // an administrator has fixed the limit
	connections map[types.UID]connection
	budget      budget
	queue       queue
	turns       map[*waiter]bool // that were given and not taken yet
	timer       *time.Timer      // of the next dispatch
}

// Take returns true if the request may be sent now. It then counts as under way until Release. Otherwise the request waits,
// and is woken once it has a turn, which Take returns then.
func (h *Host) Take(r Request) bool {
	h.hosts.mu.Lock()
	w, woken := h.join(r)
	taken := !w.turnUntil.IsZero()
	if taken {
		h.endTurn(w)
		w.takenAt = time.Now()
		w.use(1, w.takenAt)
	}
	h.hosts.mu.Unlock()
	wake(woken)
	return taken
}

// Join returns true if the request has a turn, which is then held until Take, GiveBack or Leave. Otherwise the request waits, as
// with Take.
func (h *Host) Join(r Request) bool {
	h.hosts.mu.Lock()
	w, woken := h.join(r)
	w.claimed = !w.turnUntil.IsZero()
	claimed := w.claimed
	h.hosts.mu.Unlock()
	wake(woken)
	return claimed
}

// Await takes a turn, and blocks until there is one.
func (h *Host) Await(ctx context.Context, r Request) error {
	turn := make(chan struct{}, 1)
	r.Wake = func() {
		select {
		case turn <- struct{}{}:
		default: // it was woken already
		}
	}
	for !h.Take(r) {
		select {
		case <-turn:
		case <-ctx.Done():
			h.hosts.Leave(r.Waiter)
			return ctx.Err()
		}
	}
	return nil
}

// Release ends a request that took its turn, and learns from its outcome.
func (h *Host) Release(name string, outcome error) {
	h.hosts.mu.Lock()
	var woken []*waiter
	if w := h.hosts.waiters[name]; w != nil && !w.takenAt.IsZero() {
		h.hosts.remove(w)
		h.budget.observe(outcome, w.takenAt, time.Now())
		woken = h.hosts.dispatch()
	}
	h.hosts.mu.Unlock()
	wake(woken)
}

// Charge accounts for requests that a waiter sends beyond the one that took a turn: later ones wait longer.
func (h *Host) Charge(name string, requests int) {
	h.hosts.mu.Lock()
	defer h.hosts.mu.Unlock()
	if w := h.hosts.waiters[name]; w != nil {
		w.use(requests, time.Now())
	}
}

// Silence is how long the host wants no request, even from those that took a turn.
func (h *Host) Silence() time.Duration {
	h.hosts.mu.Lock()
	defer h.hosts.mu.Unlock()
	return h.budget.silence(time.Now())
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

// join has a request wait unless it does already, and gives turns. It returns whom to wake beside it. The caller holds the
// lock.
func (h *Host) join(r Request) (*waiter, []*waiter) {
	now := time.Now()
	known := h.hosts.waiters[r.Waiter]
	switch {
	case known == nil:
	case known.fits(h, r) && (known.turnUntil.IsZero() || h.budget.silence(now) == 0):
		return known, nil
	default: // it asks for something else, or its turn was given before the host was silenced
		h.hosts.remove(known)
	}
	joined := &waiter{Request: r, host: h}
	h.hosts.waiters[r.Waiter] = joined
	h.queue.add(joined)
	given := h.dispatch(now)
	if known != nil {
		given = append(given, h.hosts.dispatch()...) // what it gave up may serve others
	}
	return joined, slices.DeleteFunc(given, func(w *waiter) bool { return w == joined })
}

// dispatch gives turns to those that may have one, and returns them. The caller holds the lock.
func (h *Host) dispatch(now time.Time) []*waiter {
	h.budget.update(now)
	var woken []*waiter
	for {
		next, wait := h.next(now)
		if next == nil {
			h.dispatchAfter(min(wait, h.nextExpiry(now)))
			return woken
		}
		h.promise(next, now)
		woken = append(woken, next)
	}
}

// next removes the waiter from the queue that gets the next turn and returns it, or nil and how long it takes until there may
// be one.
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
			// mutation: namespace-takes-every-place
			if !h.hosts.places.namespaceHasOne(namespace) {
				return longestWait // Release dispatches
			}
			// mutation: namespace-takes-every-token
			return h.budget.shares.wait(namespace, h.budget.all, now)
		},
		first: func(w *waiter) time.Duration {
			if !h.hosts.places.hasOne(&w.Request) {
				return longestWait
			}
			return h.budget.waitOf(w.Connection, now)
		},
	})
}

// nextExpiry is how long it takes until the next turn expires.
func (h *Host) nextExpiry(now time.Time) time.Duration {
	next := longestWait
	for w := range h.turns {
		if !w.claimed {
			next = min(next, max(0, w.turnUntil.Sub(now)))
		}
	}
	return next
}

// expire takes turns back that nobody claimed in time.
func (h *Host) expire(now time.Time) {
	for w := range h.turns {
		if !w.claimed && !now.Before(w.turnUntil) {
			h.hosts.remove(w)
		}
	}
}

// dispatchAfter dispatches again after a time, while anybody waits or has a turn.
func (h *Host) dispatchAfter(wait time.Duration) {
	if h.timer != nil {
		h.timer.Stop()
	}
	if h.queue.empty() && len(h.turns) == 0 {
		return
	}
	h.timer = time.AfterFunc(wait, func() {
		h.hosts.mu.Lock()
		now := time.Now()
		h.expire(now)
		woken := append(h.dispatch(now), h.hosts.dispatch()...) // all hosts share the places
		h.hosts.mu.Unlock()
		wake(woken)
	})
}
