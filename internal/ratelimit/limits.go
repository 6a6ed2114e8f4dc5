// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// connection is what a connection to a host permits.
type connection struct {
	limit Limit // zero: it does not say
	raise bool  // an administrator's: it may raise the host's limit
}

// SetLimit sets what a connection permits for its own requests; a zero limit sets nothing. One that an administrator owns also
// sets the host's limit, unless NewHosts was told that: the largest among them applies.
func (h *Host) SetLimit(uid types.UID, limit Limit, administrators bool) {
	h.hosts.mu.Lock()
	defer h.hosts.mu.Unlock()
	h.connections[uid] = connection{limit: limit, raise: administrators}
	h.budget.setOwn(uid, limit, time.Now())
	h.applyLimits()
}

// Forget drops the limit of a connection that is gone.
func (h *Host) Forget(uid types.UID) {
	h.hosts.mu.Lock()
	defer h.hosts.mu.Unlock()
	delete(h.connections, uid)
	h.budget.setOwn(uid, Limit{}, time.Now())
	h.applyLimits()
}

func (h *Host) applyLimits() {
	if h.fixed {
		return
	}
	var largest Limit
	for _, known := range h.connections {
		if known.raise && known.limit.larger(largest) {
			largest = known.limit
		}
	}
	if largest == (Limit{}) {
		largest = defaultLimit
	}
	h.budget.setLimit(largest)
	h.budget.update(time.Now())
}

func (l Limit) larger(than Limit) bool {
	return l.PerSecond > than.PerSecond || l.PerSecond == than.PerSecond && l.Burst > than.Burst
}
