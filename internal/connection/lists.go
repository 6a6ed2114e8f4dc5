// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"regexp"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"k8s.io/utils/clock"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// Lists keeps the newest list of each Endpoint's keys. All resources of an Endpoint share it, also while it is requested.
type Lists struct {
	clock    clock.PassiveClock
	requests singleflight.Group

	mu        sync.Mutex
	endpoints map[string]*endpoint
}

// endpoint is what the process remembers of one Endpoint.
type endpoint struct {
	newest  *plan.Listing
	missing map[string]time.Time // key id: the Plan.MissingSince of the key's resource
}

// marked matches the names that end like those of keys that an operator made, of whichever cluster. No other key can be one of a
// resource, so that lists leave the others out: anyone who may create keys in Cognigy decides how many these are.
var marked = regexp.MustCompile(` k8s-[0-9a-f]{10}-[0-9a-f]{24}-[0-9a-f]{24}$`)

// NewLists returns Lists that remember nothing.
func NewLists(clock clock.PassiveClock) *Lists {
	return &Lists{clock: clock, endpoints: map[string]*endpoint{}}
}

// answer is a list, or its failure, with the time at which it was requested.
type answer struct {
	at      time.Time
	listing *plan.Listing
}

// list returns a list of the Endpoint's keys that was requested at notBefore or later. Callers at the same time share the
// request, its list and its failure. The request outlives a caller that gives up, since others may wait for it.
func (l *Lists) list(ctx context.Context, client *cognigy.Client, endpointID string, notBefore time.Time) (*plan.Listing, error) {
	if now := l.clock.Now(); notBefore.After(now) {
		notBefore = now
	}
	for {
		if known := l.Newest(endpointID); known != nil && !known.At.Before(notBefore) {
			return known, nil
		}
		request := l.requests.DoChan(endpointID, func() (any, error) {
			return l.request(context.WithoutCancel(ctx), client, endpointID)
		})
		select {
		case result := <-request:
			// A request that was under way before notBefore answers another question.
			if answer := result.Val.(answer); !answer.at.Before(notBefore) {
				return answer.listing, result.Err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (l *Lists) request(ctx context.Context, client *cognigy.Client, endpointID string) (answer, error) {
	at := l.clock.Now()
	keys, err := client.ListKeys(ctx, endpointID, func(key cognigy.Key) bool { return marked.MatchString(key.Name) })
	gone := cognigy.IsKind(err, cognigy.NotFound)
	if err != nil && !gone {
		return answer{at: at}, err
	}
	listing := &plan.Listing{At: at, EndpointGone: gone}
	for _, key := range keys {
		listing.Keys = append(listing.Keys, plan.Key(key))
	}
	l.remember(endpointID, listing)
	return answer{at: at, listing: listing}, nil
}

func (l *Lists) remember(endpointID string, listing *plan.Listing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.endpoint(endpointID)
	known.newest = listing
	for _, key := range listing.Keys {
		delete(known.missing, key.ID)
	}
}

// Newest returns the newest list of the Endpoint's keys, or nil.
func (l *Lists) Newest(endpointID string) *plan.Listing {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.endpoints[endpointID]; known != nil {
		return known.newest
	}
	return nil
}

// MissingSince returns what RememberMissing was told of a key; zero if nothing, or if a list showed the key since.
func (l *Lists) MissingSince(endpointID, keyID string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.endpoints[endpointID]; known != nil {
		return known.missing[keyID]
	}
	return time.Time{}
}

// RememberMissing keeps the Plan.MissingSince of a key, unless the newest list shows the key.
func (l *Lists) RememberMissing(endpointID, keyID string, since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.endpoint(endpointID)
	if since.IsZero() || known.newest.Shows(keyID) {
		delete(known.missing, keyID)
		return
	}
	known.missing[keyID] = since
}

// forgetRefusals drops the answers that Cognigy may have given on account of the credentials: that an Endpoint is gone.
func (l *Lists) forgetRefusals() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, known := range l.endpoints {
		if known.newest != nil && known.newest.EndpointGone {
			known.newest = nil
		}
	}
}

// endpoint returns what is remembered of an Endpoint, which it begins to remember. The caller holds the lock.
func (l *Lists) endpoint(id string) *endpoint {
	if l.endpoints[id] == nil {
		l.endpoints[id] = &endpoint{missing: map[string]time.Time{}}
	}
	return l.endpoints[id]
}
