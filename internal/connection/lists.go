// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
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
)

// Lists keeps the newest lists of the keys of the Endpoints of a tenant. All resources of an Endpoint share its list, also while it is
// requested.
type Lists struct {
	clock    clock.PassiveClock
	requests singleflight.Group
	projects projects

	mu      sync.Mutex
	newest  newest[place, *plan.Listing]
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

// NewLists returns Lists that remember nothing.
func NewLists(clock clock.PassiveClock) *Lists {
	return &Lists{
		clock: clock, projects: newProjects(), newest: newest[place, *plan.Listing]{bound: maxListsBytes},
		missing: cache.NewLRUExpireCacheWithClock(maxMissing, clock),
	}
}

// list returns a list of the Endpoint's keys that was requested at notBefore or later. Callers at the same time share it.
func (l *Lists) list(ctx context.Context, client *cognigy.Client, of place, notBefore time.Time) (*plan.Listing, error) {
	if now := l.clock.Now(); notBefore.After(now) {
		notBefore = now
	}
	known := func() (*plan.Listing, time.Time) {
		if listing := l.newestOf(of); listing != nil {
			return listing, listing.At
		}
		return nil, time.Time{}
	}
	return share(ctx, &l.requests, string(of.connection)+"/"+of.endpointID, notBefore, known,
		func(ctx context.Context) (answer[*plan.Listing], error) { return l.request(ctx, client, of) })
}

func (l *Lists) request(ctx context.Context, client *cognigy.Client, of place) (answer[*plan.Listing], error) {
	at := l.clock.Now()
	// Anyone who may create keys in Cognigy decides how many others there are.
	listing, err := fetch(ctx, client, of.endpointID, at, plan.HasAnyMarker)
	if err == nil {
		l.remember(of, listing)
	}
	return answer[*plan.Listing]{at, listing}, err
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
	l.newest.keep(of, listing, size, l.clock.Now())
}

func (l *Lists) newestOf(of place) *plan.Listing {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest.of(of, l.clock.Now())
}

func (l *Lists) missingSince(key missingKey) time.Time {
	since, _ := l.missing.Get(key)
	at, _ := since.(time.Time)
	return at
}

func (l *Lists) rememberMissing(key missingKey, since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.newest.lists[key.place]; since.IsZero() || known != nil && known.list.Shows(key.keyID) {
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
	l.newest.forgetIf(func(of place, _ *plan.Listing) bool { return of.connection == uid })
	l.missing.RemoveAll(func(key any) bool { return key.(missingKey).connection == uid })
}

// forgetRefusals drops the answers that Cognigy may have given on account of a connection's credentials: that an Endpoint is gone, or not
// in a project.
func (l *Lists) forgetRefusals(uid types.UID) {
	l.projects.forgetConnection(uid)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.newest.forgetIf(func(of place, known *plan.Listing) bool { return of.connection == uid && known.EndpointGone })
}
