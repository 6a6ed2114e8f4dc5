// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import "time"

// Observer is told what hosts do. Its methods do not block, and do not call Hosts: that holds its lock.
type Observer interface {
	// Waited is called when a request that waited for the rate limit of a host may be sent.
	Waited(host string, wait time.Duration)
	// RetryAfterBegan is called when a host wants no request for a while.
	RetryAfterBegan(host string)
}

// HostState is how the rate limit of a host is now.
type HostState struct {
	Name       string // host:port
	Limit      Limit
	PerSecond  float64       // what the operator learned that the host bears, at most that of the limit
	RetryAfter time.Duration // what is left of the window in which the host wants no request
	Waiting    int           // requests that wait
}

// States tells how all hosts are now.
func (h *Hosts) States() []HostState {
	h.mu.Lock()
	defer h.mu.Unlock()
	queued := map[*Host]int{}
	for _, w := range h.waiters {
		if w.reservedUntil.IsZero() {
			queued[w.host]++
		}
	}
	var states []HostState
	for name, host := range h.hosts {
		states = append(states, HostState{
			Name: name, Limit: host.budget.limit, PerSecond: host.budget.perSecond, RetryAfter: host.budget.window(time.Now()), Waiting: queued[host],
		})
	}
	return states
}

// observeWait tells how long a waiter waited that acquired its request.
func (h *Host) observeWait(w *waiter) {
	if h.hosts.Observer != nil {
		h.hosts.Observer.Waited(h.name, w.reservedAt.Sub(w.queuedAt))
	}
}

// observe learns from the outcome of a request, and tells if a retry-after window began.
func (h *Host) observe(outcome error, sent, now time.Time) {
	before := h.budget.window(now)
	h.budget.observe(outcome, sent, now)
	if before == 0 && h.budget.window(now) > 0 && h.hosts.Observer != nil {
		h.hosts.Observer.RetryAfterBegan(h.name)
	}
}
