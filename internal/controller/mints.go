// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// mintLog remembers for which resources this process issued keys, until it lets go of them: for the mint budget, to know when
// a POST had ended, and to revoke the keys of a resource that vanished. It bounds loops within one process; what a restart
// forgets, the wait for leadership bounds.
type mintLog struct {
	mu      sync.Mutex
	minters map[types.NamespacedName]map[types.UID]*minter // by the resource's name, which others may have had before
}

// minter is a resource that keys were issued for.
type minter struct {
	key        *v1alpha1.EndpointAPIKey // as it was seen last
	connection types.UID                // that the latest POST went by
	link       *connection.Link         // its client then
	mints      []mint                   // oldest first
	markerLost time.Time                // when the latest key came back without its marker; zero if it has it
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
func (l *mintLog) start(key *v1alpha1.EndpointAPIKey, found types.UID, link *connection.Link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := client.ObjectKeyFromObject(key)
	if l.minters == nil {
		l.minters = map[types.NamespacedName]map[types.UID]*minter{}
	}
	if l.minters[name] == nil {
		l.minters[name] = map[types.UID]*minter{}
	}
	m := l.minters[name][key.UID]
	if m == nil {
		m = &minter{}
		l.minters[name][key.UID] = m
	}
	begun := key.Status.Issuance
	mints := append(m.mints, mint{started: begun.StartedAt.Time, deadline: begun.Deadline.Time})
	m.key, m.connection, m.link, m.mints = key, found, link, mints[max(len(mints)-remembered, 0):]
}

// drop forgets the latest POST: it made no key.
func (l *mintLog) drop(key *v1alpha1.EndpointAPIKey) {
	l.change(key, func(m *minter) { m.mints = m.mints[:len(m.mints)-1] })
}

// end notes that the answer of the latest POST is there, and whether its key has the marker.
func (l *mintLog) end(key *v1alpha1.EndpointAPIKey, at time.Time, marked bool) {
	l.change(key, func(m *minter) {
		m.mints[len(m.mints)-1].ended, m.markerLost = at, time.Time{}
		if !marked {
			m.markerLost = at
		}
	})
}

// see notes what a resource is like now.
func (l *mintLog) see(key *v1alpha1.EndpointAPIKey) {
	l.change(key, func(m *minter) { m.key = key })
}

func (l *mintLog) change(key *v1alpha1.EndpointAPIKey, change func(*minter)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m := l.minters[client.ObjectKeyFromObject(key)][key.UID]; m != nil {
		change(m)
	}
}

// of returns what is known of a resource.
func (l *mintLog) of(key *v1alpha1.EndpointAPIKey) minter {
	var known minter
	l.change(key, func(m *minter) { known = *m })
	return known
}

// vanished returns what is known of resources of a name that are others than the one that exists.
func (l *mintLog) vanished(name types.NamespacedName, existing types.UID) []minter {
	l.mu.Lock()
	defer l.mu.Unlock()
	var gone []minter
	for uid, m := range l.minters[name] {
		if uid != existing {
			gone = append(gone, *m)
		}
	}
	return gone
}

func (l *mintLog) forget(key *v1alpha1.EndpointAPIKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := client.ObjectKeyFromObject(key)
	delete(l.minters[name], key.UID)
	if len(l.minters[name]) == 0 {
		delete(l.minters, name)
	}
}

// attempts returns the POSTs as the planner wants them, oldest first.
func (m minter) attempts() []plan.Attempt {
	var attempts []plan.Attempt
	for _, mint := range m.mints {
		attempts = append(attempts, plan.Attempt{StartedAt: mint.started, EndedAt: mint.ended})
	}
	return attempts
}

// last returns the latest POST, or the zero mint.
func (m minter) last() mint {
	if len(m.mints) == 0 {
		return mint{}
	}
	return m.mints[len(m.mints)-1]
}
