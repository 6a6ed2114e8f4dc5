// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/singleflight"
)

// forgetAfter is how long the process remembers what nobody asks for: the list of an Endpoint or project without resources, or since when a
// key is missing that no Secret records any more.
const forgetAfter = 24 * time.Hour

// newest keeps the newest list of each place, as many as fit into a bound of memory. Its user holds a lock.
type newest[Place comparable, List any] struct {
	bound int // bytes
	size  int // of all lists, in bytes
	lists map[Place]*remembered[List]
}

type remembered[List any] struct {
	list List
	size int       // in bytes
	used time.Time // when someone last asked for it
}

// of returns the list of a place, or the zero value, and notes that someone asks for it.
func (n *newest[Place, List]) of(place Place, now time.Time) (list List) {
	known := n.lists[place]
	if known == nil {
		return list
	}
	known.used = now
	return known.list
}

// keep replaces the list of a place. It forgets lists that nobody asked for in a long time, and the least recently used ones if all take too
// much memory.
func (n *newest[Place, List]) keep(place Place, list List, size int, now time.Time) {
	n.forget(place)
	if n.lists == nil {
		n.lists = map[Place]*remembered[List]{}
	}
	n.lists[place], n.size = &remembered[List]{list, size, now}, n.size+size
	n.forgetIf(func(known Place, _ List) bool { return now.Sub(n.lists[known].used) > forgetAfter })
	// mutation: remember-every-list
	if n.size <= n.bound {
		return
	}
	oldestFirst := slices.SortedFunc(maps.Keys(n.lists), func(a, b Place) int { return n.lists[a].used.Compare(n.lists[b].used) })
	for _, oldest := range oldestFirst {
		if n.size <= n.bound {
			return
		}
		n.forget(oldest)
	}
}

func (n *newest[Place, List]) forget(place Place) {
	if known := n.lists[place]; known != nil {
		n.size -= known.size
		delete(n.lists, place)
	}
}

func (n *newest[Place, List]) forgetIf(unwanted func(Place, List) bool) {
	for place, known := range n.lists {
		if unwanted(place, known.list) {
			n.forget(place)
		}
	}
}

// answer is a list, or its failure, with the time at which it was requested.
type answer[List any] struct {
	at   time.Time
	list List
}

// share returns a list that was requested at notBefore or later: what known returns, if that will do, or what request does. Callers at the
// same time, which give the same key, share the request, its list and its failure. The request outlives a caller that gives up, since others may wait
// for it.
func share[List any](
	ctx context.Context, requests *singleflight.Group, key string, notBefore time.Time,
	known func() (list List, at time.Time), request func(context.Context) (answer[List], error),
) (none List, failure error) {
	for {
		if list, at := known(); !at.IsZero() && !at.Before(notBefore) {
			return list, nil
		}
		requested := requests.DoChan(key, func() (any, error) { return request(context.WithoutCancel(ctx)) })
		select {
		case result := <-requested:
			// A request that was under way before notBefore answers another question.
			if answer := result.Val.(answer[List]); !answer.at.Before(notBefore) {
				return answer.list, result.Err
			}
		case <-ctx.Done():
			return none, ctx.Err()
		}
	}
}
