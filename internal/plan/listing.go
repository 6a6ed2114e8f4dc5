// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import "time"

// Listing is Cognigy's answer to a LIST of an Endpoint's keys.
type Listing struct {
	At           time.Time // when the request was sent
	Keys         []Key
	EndpointGone bool // Cognigy answered that the Endpoint does not exist: it has no keys
}

// Key is a key as Cognigy lists it.
type Key struct {
	ID, Name, Preview string
	CreatedAt         time.Time // by Cognigy's clock; compared with other keys' only
}

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

// owned returns the listed keys with this resource's marker.
func (o Observed) owned() []Key {
	if o.Listing == nil {
		return nil
	}
	var owned []Key
	for _, key := range o.Listing.Keys {
		// mutation: own-recorded-key
		if HasMarker(key.Name, o.Marker) {
			owned = append(owned, key)
		}
	}
	return owned
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
