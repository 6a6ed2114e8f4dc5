// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"fmt"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// cognigy is the model of one Endpoint with its keys.
type cognigy struct {
	skew    time.Duration // of its clock; constant, so that it never orders its own keys wrongly
	lag     time.Duration // of its lists, now
	gone    bool          // the Endpoint
	keys    []*apiKey
	pending []*post
}

// apiKey is a key with its true history.
type apiKey struct {
	plan.Key
	made    time.Time
	revoked time.Time // zero: it works
}

func (k *apiKey) works() bool { return k.revoked.IsZero() }

// post is a request for a key whose outcome is open. At its deadline it has made a key, or never will.
type post struct {
	name     string
	deadline time.Time
	made     *apiKey
}

// commit makes the key of a request.
func (w *world) commit(p *post) {
	if p.made != nil {
		return
	}
	id := fmt.Sprintf("k%d", len(w.cognigy.keys)+1)
	p.made = &apiKey{made: w.now, Key: plan.Key{
		ID: id, Name: p.name, Preview: id + "••••" + id, CreatedAt: w.now.Add(w.cognigy.skew).Truncate(time.Second),
	}}
	w.cognigy.keys = append(w.cognigy.keys, p.made)
	w.logf("Cognigy makes %s", id)
}

// list answers as Cognigy stood some time ago.
func (w *world) list() []plan.Key {
	then := w.now.Add(-w.cognigy.lag)
	var shown []plan.Key
	for _, key := range w.cognigy.keys {
		if !key.made.After(then) && (key.works() || key.revoked.After(then)) {
			shown = append(shown, key.Key)
		}
	}
	return shown
}

// find returns a key that works, or nil.
func (w *world) find(id string) *apiKey {
	for _, key := range w.cognigy.keys {
		if key.ID == id && key.works() {
			return key
		}
	}
	return nil
}

// live returns the keys of the resource that work.
func (w *world) live() []*apiKey {
	var live []*apiKey
	for _, key := range w.cognigy.keys {
		if key.works() && plan.HasMarker(key.Name, marker) {
			live = append(live, key)
		}
	}
	return live
}

// pass lets time go by. A request that is open at its deadline makes its key then, which is the worst.
func (w *world) pass(wait time.Duration) {
	end := w.now.Add(wait)
	open := w.cognigy.pending
	w.cognigy.pending = nil
	for _, p := range open {
		switch {
		case p.made != nil || w.cognigy.gone:
		case p.deadline.After(end):
			w.cognigy.pending = append(w.cognigy.pending, p)
		default:
			w.now = p.deadline
			w.commit(p)
		}
	}
	w.now = end
}
