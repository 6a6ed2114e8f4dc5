// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// concurrencyLimit is how many resources of one connection are worked on at a time: a quarter of the workers, so that a
	// Cognigy that does not answer leaves workers to the others.
	concurrencyLimit = 16
	// A waiter returns after the time for which the limit has been reached, but within these bounds.
	shortestBlock = 250 * time.Millisecond
	longestBlock  = 15 * time.Second
)

// concurrency holds the resources of one connection that are being worked on.
type concurrency map[types.UID]holder

type holder struct {
	endpointID string
	since      time.Time
}

// wait returns zero if another resource of the Endpoint may be worked on. An Endpoint may take as many places as it leaves
// free: one that does not answer takes half of them, a second one half of the rest.
func (c concurrency) wait(endpointID string, now time.Time) time.Duration {
	own, latest, latestOwn := 0, time.Time{}, time.Time{}
	for _, holder := range c {
		if holder.since.After(latest) {
			latest = holder.since
		}
		if holder.endpointID == endpointID {
			own++
			if holder.since.After(latestOwn) {
				latestOwn = holder.since
			}
		}
	}
	if own < concurrencyLimit-len(c) {
		return 0
	}
	if own > 0 {
		latest = latestOwn
	}
	return min(max(now.Sub(latest), shortestBlock), longestBlock)
}
