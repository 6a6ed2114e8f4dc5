// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/utils/clock"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

const (
	// maxListsBytes bounds how much memory the newest lists of a tenant take; one list takes up to half of it. A tenant decides how many
	// Endpoints its resources name, and may decide what their lists show. A resource whose list is forgotten requests another.
	maxListsBytes = 16 << 20
	// listBytes is what an Endpoint takes in memory beside its keys, about.
	listBytes = 256
	// maxMissing bounds for how many keys of a tenant the process remembers since when they are missing: a key in a record that someone
	// rewrites again and again is another one each time. The least recently missed one is forgotten first, whose resource waits for
	// another list then.
	maxMissing = 10_000
	// forgetAfter is how long the process remembers what nobody asks for: the list of an Endpoint without resources, or since when a key is
	// missing that no Secret records any more.
	forgetAfter = 24 * time.Hour
)

// Lists keeps the newest lists of the keys of the Endpoints of a tenant. All resources of an Endpoint share its list, also while it is
// requested.
type Lists struct {
	clock    clock.PassiveClock
	requests singleflight.Group
	projects projects

	mu      sync.Mutex
	newest  map[place]*remembered
	size    int                   // of all lists, in bytes
	missing *cache.LRUExpireCache // missingKey: the Plan.MissingSince of the key's resource
}

// place is an Endpoint as a connection shows it.
type place struct {
	connection types.UID
	endpointID string
}

// missingKey is a key that a list should show.
type missingKey struct {
	place
	keyID string
}

// remembered is the newest list of an Endpoint.
type remembered struct {
	listing *plan.Listing
	size    int       // in bytes
	used    time.Time // when someone last asked for it
}

// NewLists returns Lists that remember nothing.
func NewLists(clock clock.PassiveClock) *Lists {
	return &Lists{clock: clock, newest: map[place]*remembered{}, missing: cache.NewLRUExpireCacheWithClock(maxMissing, clock)}
}

// answer is a list, or its failure, with the time at which it was requested.
type answer struct {
	at      time.Time
	listing *plan.Listing
}

// list returns a list of the Endpoint's keys that was requested at notBefore or later. Callers at the same time share the
// request, its list and its failure. The request outlives a caller that gives up, since others may wait for it.
func (l *Lists) list(ctx context.Context, client *cognigy.Client, of place, notBefore time.Time) (*plan.Listing, error) {
	if now := l.clock.Now(); notBefore.After(now) {
		notBefore = now
	}
	for {
		if known := l.newestOf(of); known != nil && !known.At.Before(notBefore) {
			return known, nil
		}
		request := l.requests.DoChan(string(of.connection)+"/"+of.endpointID, func() (any, error) {
			return l.request(context.WithoutCancel(ctx), client, of)
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

func (l *Lists) request(ctx context.Context, client *cognigy.Client, of place) (answer, error) {
	at := l.clock.Now()
	// Anyone who may create keys in Cognigy decides how many others there are.
	listing, err := fetch(ctx, client, of.endpointID, at, plan.HasAnyMarker)
	if err != nil {
		return answer{at: at}, err
	}
	l.remember(of, listing)
	return answer{at: at, listing: listing}, nil
}

// fetch lists those keys of an Endpoint whose names keep accepts.
func fetch(ctx context.Context, client *cognigy.Client, endpointID string, at time.Time, keep func(name string) bool) (*plan.Listing, error) {
	keys, err := client.ListKeys(ctx, endpointID, func(key cognigy.Key) bool { return keep(key.Name) })
	if cognigy.IsKind(err, cognigy.NotFound) {
		// mutation: believe-list-that-endpoint-is-gone
		if err := client.CheckGone(ctx, endpointID); err != nil {
			return nil, err
		}
		return &plan.Listing{At: at, EndpointGone: true}, nil
	}
	if err != nil {
		return nil, err
	}
	listing := &plan.Listing{At: at}
	for _, key := range keys {
		listing.Keys = append(listing.Keys, plan.Key(key))
	}
	return listing, nil
}

func (l *Lists) remember(of place, listing *plan.Listing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	size := listBytes
	for _, key := range listing.Keys {
		size += cognigy.Key(key).Size()
		l.missing.Remove(missingKey{of, key.ID})
	}
	l.forget(of)
	l.newest[of], l.size = &remembered{listing: listing, size: size, used: l.clock.Now()}, l.size+size
	l.evict()
}

// evict forgets lists that nobody asked for in a long time, and the least recently used ones if all take too much memory. The caller
// holds the lock.
func (l *Lists) evict() {
	now := l.clock.Now()
	for of, known := range l.newest {
		if now.Sub(known.used) > forgetAfter {
			l.forget(of)
		}
	}
	// mutation: remember-every-list
	if l.size <= maxListsBytes {
		return
	}
	oldestFirst := slices.SortedFunc(maps.Keys(l.newest), func(a, b place) int { return l.newest[a].used.Compare(l.newest[b].used) })
	for _, of := range oldestFirst {
		if l.size <= maxListsBytes {
			return
		}
		l.forget(of)
	}
}

// forget forgets the list of an Endpoint. The caller holds the lock.
func (l *Lists) forget(of place) {
	if known := l.newest[of]; known != nil {
		l.size -= known.size
		delete(l.newest, of)
	}
}

func (l *Lists) newestOf(of place) *plan.Listing {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.newest[of]
	if known == nil {
		return nil
	}
	known.used = l.clock.Now()
	return known.listing
}

func (l *Lists) missingSince(key missingKey) time.Time {
	since, _ := l.missing.Get(key)
	at, _ := since.(time.Time)
	return at
}

func (l *Lists) rememberMissing(key missingKey, since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.newest[key.place]; since.IsZero() || known != nil && known.listing.Shows(key.keyID) {
		l.missing.Remove(key)
		return
	}
	l.missing.Add(key, since, forgetAfter)
}

// forgetConnection forgets what a connection showed.
func (l *Lists) forgetConnection(uid types.UID) {
	l.projects.forgetConnection(uid)
	l.mu.Lock()
	defer l.mu.Unlock()
	for of := range l.newest {
		if of.connection == uid {
			l.forget(of)
		}
	}
	l.missing.RemoveAll(func(key any) bool { return key.(missingKey).connection == uid })
}

// forgetRefusals drops the answers that Cognigy may have given on account of a connection's credentials: that an Endpoint is gone, or not
// in a project.
func (l *Lists) forgetRefusals(uid types.UID) {
	l.projects.forgetConnection(uid)
	l.mu.Lock()
	defer l.mu.Unlock()
	for of, known := range l.newest {
		if of.connection == uid && known.listing.EndpointGone {
			l.forget(of)
		}
	}
}
