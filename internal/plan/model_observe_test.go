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
	versions := append(slices.Clone(o.world.old), o.world.key)
	behind := min(o.stale, len(versions)-1)
	o.stale = 0
	o.again = o.again || behind > 0 // it is told of the newer ones later
	return versions[len(versions)-1-behind]
}

func (o *operator) plan(p *pass) plan.Plan {
	key, seen := p.key, p.secret.seen()
	observed := plan.Observed{
		Deleting: key.deleting, Retain: key.retain, Suspended: key.suspended, Protected: key.protected,
		Requested: key.requested != key.handled, Rotation: key.rotation, EndpointID: endpointID, Marker: marker,
		RetiresAt: key.status.retiresAt, Secret: seen, EndpointGone: p.gone || !p.live && o.gone, Live: p.live,
		WatchedSince: o.started, Listing: o.listing,
	}
	observed.LastIssued, observed.LastEnded = o.lastIssued(key, seen)
	for _, mint := range o.mints {
		observed.Issues = append(observed.Issues, mint.started)
	}
	if p.listing != nil && !o.world.quirks.newestList {
		observed.Listing = p.listing
	}
	if !p.concluded {
		observed.Intent = key.status.intent
	}
	observed.MissingSince = o.missingSince(seen.KeyID, seen.IssuedAt.Add(timing.RequestTimeout+timing.ListLag))
	next := plan.Next(observed, o.clock(), timing)
	if next.Do == plan.Issue && p.live && p.secret == o.world.secret && o.inOrder(p) {
		o.world.violate("needless: %s works, and is to be replaced", p.secret.keyID)
	}
	if next.Do == plan.Issue && (key.deleting || key.suspended || seen.State == plan.SecretForeign) {
		o.world.violate("S6: a key is to be issued in spite of what was read")
	}
	return next
}

// inOrder tells whether the Secret holds a key that works and need not be rotated.
func (o *operator) inOrder(p *pass) bool {
	rotation, s := p.key.rotation, p.secret
	return s != nil && !s.foreign && !s.broken && o.world.find(s.keyID) != nil && rotation.Every == 0 && !s.issuedAt.Before(rotation.NotBefore)
}

func (o *operator) lastIssued(key *resource, seen plan.Secret) (began, ended time.Time) {
	var last mint
	if len(o.mints) > 0 {
		last = o.mints[len(o.mints)-1]
	}
	tolerance := timing.RequestTimeout
	if o.world.quirks.exactClocks {
		tolerance = 0
	}
	for _, at := range []time.Time{seen.IssuedAt, key.status.issuedAt, last.started} {
		if at.After(began) && !at.After(o.clock().Add(tolerance)) {
			began = at
		}
	}
	// The status tells seconds only, and clocks differ: that another operator has issued none since, only the Secret proves.
	if began.Equal(last.started) && (seen.IssuedAt.Equal(last.started) || o.world.quirks.selfCentred) {
		ended = last.ended
	}
	return began, ended
}

func (o *operator) missingSince(keyID string, shownFrom time.Time) time.Time {
	if o.listing == nil || o.listing.At.Before(shownFrom) || o.listing.Shows(keyID) {
		return time.Time{}
	}
	if since, ok := o.missing[keyID]; ok && !since.Before(shownFrom) {
		return since
	}
	o.missing[keyID] = o.listing.At
	return o.listing.At
}

// glance lists the keys, and remembers the list: for this resource, or for another one of the same Endpoint.
func (o *operator) glance() (*plan.Listing, error) {
	if o.gone = o.world.cognigy.gone; o.gone {
		return nil, errGone
	}
	o.listing = &plan.Listing{At: o.clock(), Keys: o.world.list()}
	for _, key := range o.listing.Keys {
		delete(o.missing, key.ID)
	}
	return o.listing, nil
}
