// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/idna"
	"k8s.io/apimachinery/pkg/types"
)

// Limit is what a token bucket permits.
type Limit struct {
	PerSecond int // requests per second in the long run
	Burst     int // requests at once
}

// defaultLimit is for hosts whose limit no flag and no administrator sets. Fifty at once and three a second are 950 in five minutes;
// 1,000 is what Cognigy last published for its shared installations (per source address, in 2025).
var defaultLimit = Limit{PerSecond: 3, Burst: 50}

// AnyHost stands in NewHosts for every host that is not named.
const AnyHost = "*"

// Hosts limits the requests to all hosts. It is safe for concurrent use.
type Hosts struct {
	// Observer is told what hosts do; it may be nil. It does not change once there are hosts.
	Observer Observer

	fixed map[string]Limit

	mu          sync.Mutex
	hosts       map[string]*Host
	waiters     map[string]*waiter // by Request.Waiter: queued, reserved or under way
	concurrency concurrency
}

// NewHosts returns Hosts. An administrator may fix the limits of hosts, by host:port or AnyHost.
func NewHosts(fixed map[string]Limit) *Hosts {
	return &Hosts{fixed: fixed, hosts: map[string]*Host{}, waiters: map[string]*waiter{}, concurrency: concurrency{}}
}

// Host returns the host of a base URL to which a connection leads, until it is forgotten.
func (h *Hosts) Host(baseURL string, uid types.UID) *Host {
	name := HostOf(baseURL)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hosts[name] == nil {
		h.prune()
		h.hosts[name] = h.open(name)
	}
	host := h.hosts[name]
	if _, known := host.connections[uid]; !known {
		host.connections[uid] = connection{}
	}
	return host
}

func (h *Hosts) open(name string) *Host {
	host := &Host{name: name, hosts: h, connections: map[types.UID]connection{}, budget: newBudget(defaultLimit), reservations: map[*waiter]bool{}}
	for _, named := range []string{AnyHost, name} {
		if limit, ok := h.fixed[named]; ok {
			host.fixed = true
			host.budget = newBudget(limit)
		}
	}
	return host
}

// prune drops hosts that no connection leads to, but not what the operator learned of them: a connection that is made anew
// would send as if it were the first.
func (h *Hosts) prune() {
	for name, host := range h.hosts {
		if len(host.connections) == 0 && host.queue.empty() && host.budget.idle(time.Now()) {
			delete(h.hosts, name)
		}
	}
}

// Cancel removes a waiter from its queue, or ends a reservation that it does not need any more. It leaves a request that is under
// way as it is.
func (h *Hosts) Cancel(name string) {
	h.cancelIf(name, func(w *waiter) bool { return w.acquiredAt.IsZero() })
}

// CancelReservation ends a reservation that Reserve returned and that was not used. A waiter that is queued, or being woken, stays
// so.
func (h *Hosts) CancelReservation(name string) {
	h.cancelIf(name, func(w *waiter) bool { return w.acquiredAt.IsZero() && w.claimed })
}

func (h *Hosts) cancelIf(name string, applies func(*waiter) bool) {
	h.change(func() []*waiter {
		if known := h.waiters[name]; known != nil && applies(known) {
			h.remove(known)
			return h.dispatch()
		}
		return nil
	})
}

// change makes a change under the lock, and wakes the waiters that it returns after that: they have a reservation.
func (h *Hosts) change(change func() (woken []*waiter)) {
	h.mu.Lock()
	woken := change()
	h.mu.Unlock()
	for _, w := range woken {
		w.Wake()
	}
}

// remove forgets a waiter, wherever it is. The caller holds the lock.
func (h *Hosts) remove(w *waiter) {
	delete(h.waiters, w.Waiter)
	switch {
	case !w.acquiredAt.IsZero():
		h.concurrency.add(&w.Request, -1)
	case !w.reservedUntil.IsZero():
		h.concurrency.add(&w.Request, -1)
		w.host.endReservation(w)
	default:
		w.host.queue.remove(w)
	}
}

// dispatch makes reservations at all hosts, since all share the concurrency limit. It returns the waiters to wake. The caller
// holds the lock.
func (h *Hosts) dispatch() []*waiter {
	var woken []*waiter
	for _, host := range h.hosts {
		if !host.queue.empty() {
			woken = append(woken, host.dispatch(time.Now())...)
		}
	}
	return woken
}

// HostOf is the host:port of a base URL, in one spelling: that it has several must not give anyone several budgets.
func HostOf(baseURL string) string {
	parsed, err := url.Parse(baseURL)
	if err != nil {
		return baseURL // no client can be made of it either
	}
	host := strings.TrimSuffix(strings.ToLower(parsed.Hostname()), ".")
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	port := strings.TrimLeft(parsed.Port(), "0")
	switch {
	case port != "":
	case parsed.Scheme == "http":
		port = "80"
	default:
		port = "443"
	}
	return net.JoinHostPort(host, port)
}
