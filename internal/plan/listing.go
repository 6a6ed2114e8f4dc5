// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"time"
)

// Listing is Cognigy's answer to a LIST of an Endpoint's keys.
type Listing struct {
	At           time.Time // when the request was sent
	Keys         []Key
	EndpointGone bool // Cognigy answered that the Endpoint does not exist: it has no keys
}

// Key is a key as Cognigy lists it. When Cognigy says that it made the key decides nothing: its name tells the attempt.
type Key struct{ ID, Name, Preview string }

// Shows reports whether the list has the key. It is false for a nil list.
func (l *Listing) Shows(keyID string) bool {
	_, shown := l.find(keyID)
	return shown
}

func (l *Listing) find(keyID string) (Key, bool) {
	if l == nil {
		return Key{}, false
	}
	for _, key := range l.Keys {
		if key.ID == keyID {
			return key, true
		}
	}
	return Key{}, false
}

// owned returns the listed keys of this resource.
func (o Observed) owned() []Key {
	if o.Listing == nil {
		return nil
	}
	var owned []Key
	for _, key := range o.Listing.Keys {
		// mutation: own-recorded-key
		if o.owns(key) {
			owned = append(owned, key)
		}
	}
	return owned
}

// owns reports whether a key is this resource's: it was issued for it, or taken over from a former owner. The keys of a resource that is
// gone may have been taken over, too: by the one that was restored in its place.
func (o Observed) owns(key Key) bool {
	// mutation: revoke-what-was-taken-over
	taken := o.Deleted && o.Elsewhere[key.ID]
	return hasAnyMarker(key.Name, o.Markers) && !taken || o.formerOf(key) != ""
}

// formerOf is the UID of the former owner that a key was taken over from, or "". Of a former owner, only those keys are ours that
// the record or its report names, and that no other Secret holds.
func (o Observed) formerOf(key Key) string {
	for _, former := range o.Formers {
		if hasAnyMarker(key.Name, former.Markers) && o.names(key.ID) && !o.Elsewhere[key.ID] {
			return former.UID
		}
	}
	return ""
}

// names reports whether the Secret or the status names a key.
func (o Observed) names(keyID string) bool {
	return o.holds(keyID) || o.Secret.State == SecretOurs && isNamed(o.Secret.Retiring, keyID) ||
		o.Reported.KeyID == keyID || isNamed(o.Reported.Retiring, keyID)
}

// holds reports whether the Secret is the resource's and names a key as its current one, even if the record was altered.
func (o Observed) holds(keyID string) bool {
	return o.Secret.State == SecretOurs && o.Secret.KeyID == keyID
}

func hasAnyMarker(name string, markers []string) bool {
	return slices.ContainsFunc(markers, func(marker string) bool { return HasMarker(name, marker) })
}

// current returns the list's entry for the Secret's key.
func (o Observed) current() (Key, bool) { return o.Listing.find(o.Secret.KeyID) }

// listedAt is when the newest list was requested; zero if there is none.
func (o Observed) listedAt() time.Time {
	if o.Listing == nil {
		return time.Time{}
	}
	return o.Listing.At
}

// endpointGone reports whether the newest list says that the Endpoint does not exist.
func (o Observed) endpointGone() bool { return o.Listing != nil && o.Listing.EndpointGone }

// missingSince is when the first list in a row was requested that should show the Secret's key and does not; zero if the
// newest list shows the key, or proves nothing because Cognigy may have made the key after it.
func (o Observed) missingSince(t Timing) time.Time {
	shown := t.listed(o.Secret.IssuedAt)
	if !o.Secret.Intact || o.Listing == nil || o.Listing.EndpointGone || o.Listing.At.Before(shown) || o.Listing.Shows(o.Secret.KeyID) {
		return time.Time{}
	}
	if !o.MissingSince.IsZero() && !o.MissingSince.Before(shown) {
		return o.MissingSince
	}
	return o.Listing.At
}
