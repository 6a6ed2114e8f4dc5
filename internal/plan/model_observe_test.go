// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// cached returns the resource as the cache has it: maybe an earlier version.
func (o *operator) cached() *resource {
	versions := append(slices.Clone(o.env.old), o.env.key)
	behind := min(o.stale, len(versions)-1)
	o.stale = 0
	o.again = o.again || behind > 0 // the cache catches up later
	return versions[len(versions)-1-behind]
}

func (o *operator) plan(s *scope) plan.Plan {
	key, seen := s.key, s.secret.seen()
	observed := plan.Observed{
		DeletingSince: key.deletingSince, Retain: key.retain, Suspended: key.suspended, HasFinalizer: key.protected,
		Requested: key.requested != key.handled, Rotation: key.rotation, EndpointID: endpointID, Markers: []string{marker},
		Formers: s.formers(), Unsettled: key.status.unsettled, IssuedAt: key.status.issuedAt, Secret: seen, Fresh: s.fresh, Recorded: s.recorded,
		Targets:     s.targets(),
		Reported:    plan.Reported{KeyID: key.status.keyID, Retiring: key.status.retiring},
		LeaderSince: o.started, Listing: o.listing, Attempts: o.attempts, MissingSince: o.missing[seen.KeyID],
	}
	if s.listing != nil {
		observed.Listing = s.listing
	}
	if !s.concluded {
		observed.Intent, observed.IntentSecret = key.status.intent, key.status.intentSecret
	}
	next := plan.Next(observed, o.clock(), timing)
	o.rememberMissing(seen.KeyID, next.MissingSince)
	if next.Do == plan.Issue && s.fresh && s.secret == o.env.secret && o.inOrder(s) {
		o.env.violate("needless: %s works, and is to be replaced", s.secret.keyID)
	}
	if next.Do == plan.Issue && (key.deleting() || key.suspended || seen.State == plan.SecretForeign) {
		o.env.violate("S6: a key is to be issued in spite of what was read")
	}
	return next
}

// rememberMissing keeps what a plan says of a missing key, unless a newer list shows the key.
func (o *operator) rememberMissing(keyID string, since time.Time) {
	if since.IsZero() || o.listing.Shows(keyID) {
		delete(o.missing, keyID)
		return
	}
	o.missing[keyID] = since
}

// inOrder reports whether the Secret holds a key that works and need not be rotated.
func (o *operator) inOrder(s *scope) bool {
	rotation, found := s.key.rotation, s.secret
	if found == nil || found.foreign || found.broken {
		return false
	}
	key := o.env.find(found.keyID)
	ours := key != nil && (plan.HasMarker(key.Name, marker) || plan.HasMarker(key.Name, formerMarker))
	return ours && rotation.Every == 0 && !found.issuedAt.Before(rotation.NotBefore)
}

// list requests the keys, and remembers the answer: for this resource, or for another one of the same Endpoint.
func (o *operator) list() *plan.Listing {
	o.listing = &plan.Listing{At: o.clock(), EndpointGone: o.env.cognigy.gone}
	if !o.listing.EndpointGone {
		o.listing.Keys = o.env.list()
	}
	for _, key := range o.listing.Keys {
		delete(o.missing, key.ID)
	}
	return o.listing
}
