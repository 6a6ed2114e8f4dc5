// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// mintLog remembers when keys were issued in this process, for the mint budget, and to know when a POST had ended. It bounds
// loops within one process; what a restart forgets, the wait for leadership bounds.
type mintLog struct {
	mu    sync.Mutex
	mints map[types.UID][]mint
}

// mint is one POST.
type mint struct {
	started time.Time // of the intent
	ended   time.Time // of the answer; zero before it, or without one
}

// remembered is more than any budget needs.
const remembered = 16

func (l *mintLog) start(owner types.UID, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mints == nil {
		l.mints = map[types.UID][]mint{}
	}
	mints := append(l.mints[owner], mint{started: at})
	l.mints[owner] = mints[max(len(mints)-remembered, 0):]
}

// drop forgets the latest POST: it made no key.
func (l *mintLog) drop(owner types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mints[owner] = l.mints[owner][:len(l.mints[owner])-1]
}

// end notes that the answer of the latest POST is there.
func (l *mintLog) end(owner types.UID, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	mints := l.mints[owner]
	mints[len(mints)-1].ended = at
}

// started returns when the POSTs were begun, oldest first.
func (l *mintLog) started(owner types.UID) []time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	var times []time.Time
	for _, mint := range l.mints[owner] {
		times = append(times, mint.started)
	}
	return times
}

// last returns the latest POST, or the zero mint.
func (l *mintLog) last(owner types.UID) mint {
	l.mu.Lock()
	defer l.mu.Unlock()
	mints := l.mints[owner]
	if len(mints) == 0 {
		return mint{}
	}
	return mints[len(mints)-1]
}

func (l *mintLog) forget(owner types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.mints, owner)
}
