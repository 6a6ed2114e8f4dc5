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
	lag     time.Duration // of its lists, now
	gone    bool          // the Endpoint
	keys    []*apiKey
	pending []*post
}

// apiKey is a key with its true history.
type apiKey struct {
	plan.Key
	made     time.Time
	revoked  time.Time // zero: it works
	held     bool      // the Secret held it once
	reported bool      // the status named it once
	putBack  time.Time // when a user put a Secret with it back
	heldLast time.Time // when it did so last, unless it does so now
	adopted  bool      // it was issued for a former owner, and is the resource's by now
	wasOurs  bool      // it was adopted once, or was to be
}

func (k *apiKey) works() bool { return k.revoked.IsZero() }

// post is a request for a key whose outcome is open. At its deadline it has made a key, or never will.
type post struct {
	name     string
	deadline time.Time
	made     *apiKey
}

// commit makes the key of a request.
func (env *environment) commit(p *post) {
	if p.made != nil {
		return
	}
	id := fmt.Sprintf("k%d", len(env.cognigy.keys)+1)
	p.made = &apiKey{made: env.now, Key: plan.Key{
		ID: id, Name: p.name, Preview: id + "••••" + id,
	}}
	env.cognigy.keys = append(env.cognigy.keys, p.made)
	env.logf("Cognigy makes %s", id)
}

// list answers as Cognigy stood some time ago.
func (env *environment) list() []plan.Key {
	then := env.now.Add(-env.cognigy.lag)
	var shown []plan.Key
	for _, key := range env.cognigy.keys {
		if !key.made.After(then) && (key.works() || key.revoked.After(then)) {
			shown = append(shown, key.Key)
		}
	}
	return shown
}

// find returns a key that works, or nil.
func (env *environment) find(id string) *apiKey {
	for _, key := range env.cognigy.keys {
		if key.ID == id && key.works() {
			return key
		}
	}
	return nil
}

// live returns the keys of the resource that work.
func (env *environment) live() []*apiKey {
	var live []*apiKey
	for _, key := range env.cognigy.keys {
		if key.works() && (key.adopted || plan.HasMarker(key.Name, marker)) {
			live = append(live, key)
		}
	}
	return live
}

// pass lets time go by. A request that is open at its deadline makes its key then, which is the worst.
func (env *environment) advance(wait time.Duration) {
	end := env.now.Add(wait)
	open := env.cognigy.pending
	env.cognigy.pending = nil
	for _, p := range open {
		switch {
		case p.made != nil || env.cognigy.gone:
		case p.deadline.After(end):
			env.cognigy.pending = append(env.cognigy.pending, p)
		default:
			env.now = p.deadline
			env.commit(p)
		}
	}
	env.now = end
}
