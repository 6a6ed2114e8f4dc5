// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// mintLog remembers for which resources this process issued keys, until it lets go of them: for the mint budget, to know when
// a POST had ended, and to revoke the keys of a resource that vanished. It bounds loops within one process; what a restart
// forgets, the wait for leadership bounds.
type mintLog struct {
	mu      sync.Mutex
	minters map[types.UID]*minter
}

// minter is a resource that keys were issued for.
type minter struct {
	key        *v1alpha1.EndpointAPIKey // as it was seen last
	link       *connection.Link         // by which the latest POST went
	mints      []mint                   // oldest first
	markerLost time.Time                // when a key came back without its marker; zero if none did
}

// mint is one POST.
type mint struct {
	started  time.Time // of the intent
	deadline time.Time // until when the request may be carried out
	ended    time.Time // of the answer; zero before it, or without one
}

// over is when the request can have no effect any more.
func (m mint) over() time.Time {
	if m.ended.IsZero() {
		return m.deadline
	}
	return m.ended
}

// remembered is more than any budget needs.
const remembered = 16

// start notes the POST of the intent that is recorded on the resource.
func (l *mintLog) start(key *v1alpha1.EndpointAPIKey, link *connection.Link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.minters == nil {
		l.minters = map[types.UID]*minter{}
	}
	m := l.minters[key.UID]
	if m == nil {
		m = &minter{}
		l.minters[key.UID] = m
	}
	begun := key.Status.Issuance
	mints := append(m.mints, mint{started: begun.StartedAt.Time, deadline: begun.Deadline.Time})
	m.key, m.link, m.mints = key, link, mints[max(len(mints)-remembered, 0):]
}

// drop forgets the latest POST: it made no key.
func (l *mintLog) drop(owner types.UID) {
	l.change(owner, func(m *minter) { m.mints = m.mints[:len(m.mints)-1] })
}

// end notes that the answer of the latest POST is there, and whether its key has the marker.
func (l *mintLog) end(owner types.UID, at time.Time, marked bool) {
	l.change(owner, func(m *minter) {
		m.mints[len(m.mints)-1].ended = at
		if !marked {
			m.markerLost = at
		}
	})
}

// see notes what a resource is like now.
func (l *mintLog) see(key *v1alpha1.EndpointAPIKey) {
	l.change(key.UID, func(m *minter) { m.key = key })
}

func (l *mintLog) change(owner types.UID, change func(*minter)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m := l.minters[owner]; m != nil {
		change(m)
	}
}

// of returns what is known of a resource.
func (l *mintLog) of(owner types.UID) minter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m := l.minters[owner]; m != nil {
		return *m
	}
	return minter{}
}

// vanished returns what is known of resources of a name that are others than the one that exists.
func (l *mintLog) vanished(name types.NamespacedName, existing types.UID) []minter {
	l.mu.Lock()
	defer l.mu.Unlock()
	var gone []minter
	for uid, m := range l.minters {
		if uid != existing && m.key.Name == name.Name && m.key.Namespace == name.Namespace {
			gone = append(gone, *m)
		}
	}
	return gone
}

func (l *mintLog) forget(owner types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.minters, owner)
}

// started returns when the POSTs were begun, oldest first.
func (m minter) started() []time.Time {
	var times []time.Time
	for _, mint := range m.mints {
		times = append(times, mint.started)
	}
	return times
}

// last returns the latest POST, or the zero mint.
func (m minter) last() mint {
	if len(m.mints) == 0 {
		return mint{}
	}
	return m.mints[len(m.mints)-1]
}
