// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

const formerUID = "former"

var formerMarker = markerFor("cluster", formerUID)

// life is what a former owner left behind.
type life int

const (
	noLife    life = iota
	liveLife       // a Secret whose key works, and one that retires
	deadLife       // a Secret whose key does not work any more
	otherLife      // a Secret whose key another cluster issued
)

// liveBefore leaves a Secret as a backup would restore it.
func (env *environment) liveBefore(before life) {
	made := start.Add(-time.Hour)
	owner := formerMarker
	if before == otherLife {
		owner = markerFor("another", formerUID)
	}
	left := &secret{former: true, issuedAt: made}
	for _, id := range []*string{new(string), &left.keyID} {
		request := &post{name: plan.KeyName("My key", made, owner)}
		env.commit(request)
		*id, request.made.made = request.made.ID, made
		if id != &left.keyID {
			left.retiring = []plan.RetiringKey{{KeyID: *id, Preview: request.made.Preview, ReplacedAt: made}}
		}
	}
	if before == deadLife {
		env.find(left.keyID).revoked = made
	}
	env.put(left)
}

// named returns the ids that a record of the resource names.
func (s *secret) named() []string {
	if s == nil || s.foreign || s.former {
		return nil
	}
	ids := []string{s.keyID}
	if s.broken {
		return ids
	}
	for _, key := range s.retiring {
		ids = append(ids, key.KeyID)
	}
	return ids
}

// inherits reports whether the record names a key that was issued for the former owner.
func (s *secret) inherits() bool {
	of := func(key plan.RetiringKey) bool { return key.FormerUID != "" }
	return s != nil && (s.former || s.adopted || slices.ContainsFunc(s.retiring, of))
}

// formers returns the former owner if the record or the status that was read names it.
func (s *scope) formers() []plan.Former {
	if !s.secret.inherits() && !s.key.status.former {
		return nil
	}
	return []plan.Former{{UID: formerUID, Markers: []string{formerMarker}}}
}

// nameInherited is the controller's: it adds to a status the keys of the former owner that the next write of the Secret takes over.
func (env *environment) nameInherited(s *scope, status *status, keys []plan.RetiringKey) {
	status.former = status.former || len(s.formers()) > 0
	status.retiring = slices.Clone(status.retiring)
	for _, key := range keys {
		named := slices.ContainsFunc(status.retiring, func(known plan.RetiringKey) bool { return known.KeyID == key.KeyID })
		if key.FormerUID == "" || named {
			continue
		}
		status.retiring = append(status.retiring, key)
		if found := env.find(key.KeyID); found != nil {
			found.wasOurs = true // whatever comes of the write
		}
	}
}

// forgetUnnamed says anew which keys are adopted, after a user's change. If no word of one is left, only a scan for orphans finds it.
func (env *environment) forgetUnnamed() {
	var named []string
	if env.key != nil {
		named = append(env.secret.named(), env.key.status.keyID)
		for _, key := range env.key.status.retiring {
			named = append(named, key.KeyID)
		}
	}
	for _, key := range env.cognigy.keys {
		key.adopted = slices.Contains(named, key.ID) && plan.HasMarker(key.Name, formerMarker)
	}
}
