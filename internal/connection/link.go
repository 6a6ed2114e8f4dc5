// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"sync"
	"time"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// Link is a client with the lists of keys that it has seen. All keys of an Endpoint share them.
type Link struct {
	*cognigy.Client
	fingerprint string
	turns       *turns

	mu        sync.Mutex
	endpoints map[string]*endpoint
}

// NewLink returns a Link that has seen no list yet, and sends requests at a rate; the default's if limit is nil.
func NewLink(client *cognigy.Client, limit *v1alpha1.RateLimit) *Link {
	return &Link{Client: client, turns: newTurns(limit), endpoints: map[string]*endpoint{}}
}

// endpoint remembers the newest list of one Endpoint's keys, and since when a key that ought to be there is missing.
type endpoint struct {
	asking chan struct{} // holds one token: one request at a time

	mu      sync.Mutex
	listing *plan.Listing
	failed  failure              // the last request that failed
	missing map[string]time.Time // key id: the Plan.MissingSince of its resource
}

// failure is a list that could not be had. Whoever waited for it has it, too, instead of waiting for one of their own.
type failure struct {
	number int
	asked  time.Time
	err    error
}

func (l *Link) endpoint(id string) *endpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.endpoints[id] == nil {
		l.endpoints[id] = &endpoint{asking: make(chan struct{}, 1), missing: map[string]time.Time{}}
	}
	return l.endpoints[id]
}

// List returns a list of the Endpoint's keys that was asked for at notBefore or later. Callers at the same time share it, and
// its failure.
func (l *Link) List(ctx context.Context, endpointID string, notBefore time.Time, now func() time.Time) (*plan.Listing, error) {
	e := l.endpoint(endpointID)
	before := e.failure().number
	select {
	case e.asking <- struct{}{}:
		defer func() { <-e.asking }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if known := e.newest(); known != nil && !known.At.Before(notBefore) {
		return known, nil
	}
	if failed := e.failure(); failed.number > before && !failed.asked.Before(notBefore) {
		return nil, failed.err
	}
	asked := now()
	keys, err := l.ListKeys(ctx, endpointID)
	if err != nil {
		e.fail(asked, err)
		return nil, err
	}
	listing := &plan.Listing{At: asked}
	for _, key := range keys {
		listing.Keys = append(listing.Keys, plan.Key(key))
	}
	e.remember(listing)
	return listing, nil
}

// Newest returns the newest list of the Endpoint's keys, or nil.
func (l *Link) Newest(endpointID string) *plan.Listing { return l.endpoint(endpointID).newest() }

// MissingSince returns what RememberMissing was told of a key; zero if nothing, or if a list showed the key since.
func (l *Link) MissingSince(endpointID, keyID string) time.Time {
	e := l.endpoint(endpointID)
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.missing[keyID]
}

// RememberMissing keeps the Plan.MissingSince of a key, unless the newest list shows the key.
func (l *Link) RememberMissing(endpointID, keyID string, since time.Time) {
	e := l.endpoint(endpointID)
	e.mu.Lock()
	defer e.mu.Unlock()
	if since.IsZero() || e.listing.Shows(keyID) {
		delete(e.missing, keyID)
		return
	}
	e.missing[keyID] = since
}

func (e *endpoint) newest() *plan.Listing {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.listing
}

func (e *endpoint) failure() failure {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.failed
}

func (e *endpoint) fail(asked time.Time, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failed = failure{number: e.failed.number + 1, asked: asked, err: err}
	if cognigy.IsKind(err, cognigy.NotFound) {
		e.listing = &plan.Listing{At: asked, EndpointGone: true}
	}
}

func (e *endpoint) remember(listing *plan.Listing) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.listing = listing
	for _, key := range listing.Keys {
		delete(e.missing, key.ID)
	}
}
