// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"time"
)

// Evidence is what tells which Endpoint has the keys of a resource that names its Endpoint. Each part is the id of an Endpoint, or "".
type Evidence struct {
	Process string // this process, which had a list show keys of the resource there, or sent its latest POST for it
	Record  string // the intact record in the Secret
	Intent  string // the pending attempt, according to the status
	Status  string // the report
	Name    string // what the name means now, if that is one Endpoint
}

// Named returns the Endpoints that the evidence of earlier issuances names, each once, the most credible first. What the name means now is
// none.
func (e Evidence) Named() []string {
	var named []string
	for _, id := range []string{e.Process, e.Record, e.Intent, e.Status} {
		if id != "" && !slices.Contains(named, id) {
			named = append(named, id)
		}
	}
	return named
}

// Pin is the Endpoint that the resource's keys are for: of those that the evidence names, the first one where lists show keys of the
// resource, whose names nobody forges, else the first one; else what the name means. It is "" if nothing tells.
func (e Evidence) Pin(lists EndpointLists, owned func(*Listing) bool) string {
	named := e.Named()
	if e.Name != "" && !slices.Contains(named, e.Name) {
		named = append(named, e.Name)
	}
	for _, id := range named {
		// mutation: believe-first-evidence
		if owned(lists[id]) {
			return id
		}
	}
	if len(named) == 0 {
		return ""
	}
	return named[0]
}

// Agree reports whether the evidence proves which Endpoint has the resource's keys. Whoever may write the Secret or the status can forge or
// clear what it says: one of them alone proves nothing.
func (e Evidence) Agree() bool {
	// mutation: trust-lone-evidence
	return len(e.Named()) == 1 && (e.Process != "" || e.Record != "" && e.Status != "")
}

// Proves reports whether more than the Secret or the status tells that an Endpoint is the resource's. Only then does the status report it: a
// forged record must not overwrite what the status knows.
func (e Evidence) Proves(endpointID string) bool {
	// mutation: report-forged-endpoint
	return endpointID != "" && (e.Process == endpointID || e.Name == endpointID)
}

// EndpointLists are lists of the keys of several Endpoints, by the Endpoints' ids.
type EndpointLists map[string]*Listing

// Merged returns one list of the keys of all the Endpoints, as old as the oldest, but not newer than at. The pinned Endpoint is the one
// that may be gone.
func (l EndpointLists) Merged(pin string, at time.Time) *Listing {
	merged := &Listing{At: at, EndpointGone: l[pin] != nil && l[pin].EndpointGone}
	for _, listing := range l {
		if listing.At.Before(merged.At) {
			merged.At = listing.At
		}
		merged.Keys = append(merged.Keys, listing.Keys...)
	}
	return merged
}

// EndpointOf returns the Endpoint whose list shows a key, or "".
func (l EndpointLists) EndpointOf(keyID string) string {
	for id, listing := range l {
		if listing.Shows(keyID) {
			return id
		}
	}
	return ""
}

// Missing returns those of some Endpoints that have no list.
func (l EndpointLists) Missing(endpointIDs ...string) []string {
	return slices.DeleteFunc(slices.Clone(endpointIDs), func(id string) bool { return l[id] != nil })
}

// Owns reports whether a list shows a key of the resource.
func (o Observed) Owns(listing *Listing) bool {
	return listing != nil && slices.ContainsFunc(listing.Keys, o.owns)
}
