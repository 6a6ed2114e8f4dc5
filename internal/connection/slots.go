// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// slotsOfLink bounds how many resources of one connection are worked on at a time: a quarter of the workers, so that a
	// Cognigy that does not answer leaves some to the others.
	slotsOfLink = 16
	// Who finds no slot comes again after the time that one has been taken for already, but within these bounds.
	shortestSlotWait = 250 * time.Millisecond
	longestSlotWait  = 15 * time.Second
)

// slots are those that are taken.
type slots map[types.UID]visit

// visit is what somebody does in a slot.
type visit struct {
	endpointID string
	since      time.Time
}

// wait returns zero if there is a slot for the Endpoint. One Endpoint may have as many as it leaves free: one that does not
// answer takes half of them, a second one half of the rest.
func (s slots) wait(endpointID string, now time.Time) time.Duration {
	own, latest, latestOwn := 0, time.Time{}, time.Time{}
	for _, visit := range s {
		if visit.since.After(latest) {
			latest = visit.since
		}
		if visit.endpointID == endpointID {
			own++
			if visit.since.After(latestOwn) {
				latestOwn = visit.since
			}
		}
	}
	if own < slotsOfLink-len(s) {
		return 0
	}
	if own > 0 {
		latest = latestOwn
	}
	return min(max(now.Sub(latest), shortestSlotWait), longestSlotWait)
}
