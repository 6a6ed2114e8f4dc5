// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// mintLog remembers when keys were issued in this process, for the mint budget. It bounds loops within one process; what a
// restart forgets, the wait for leadership bounds.
type mintLog struct {
	mu    sync.Mutex
	times map[types.UID][]time.Time
}

// remembered is more than any budget needs.
const remembered = 16

func (l *mintLog) add(owner types.UID, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.times == nil {
		l.times = map[types.UID][]time.Time{}
	}
	times := append(l.times[owner], at)
	l.times[owner] = times[max(len(times)-remembered, 0):]
}

// of returns the times, oldest first.
func (l *mintLog) of(owner types.UID) []time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.times[owner])
}

func (l *mintLog) forget(owner types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.times, owner)
}
