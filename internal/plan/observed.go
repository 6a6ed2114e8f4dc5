// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strings"
	"time"
)

// Observed is everything that is known about one EndpointAPIKey when a plan is made.
type Observed struct {
	Deleting  bool // the resource has a deletion timestamp
	Retain    bool // deletionPolicy is Retain
	Suspended bool
	Protected bool // the resource has the finalizer
	Requested bool // somebody asks for a look at Cognigy now

	Rotation   Rotation
	EndpointID string
	Marker     string    // what ends the name of every key of this resource
	Intent     time.Time // when an issuance was begun that is not concluded; zero if none
	Deadline   time.Time // of that issuance, as the status records it; zero if it does not
	RetiresAt  time.Time // the earliest revocation that the status announces, a hint that a look is due; zero if none

	Secret  Secret
	Listing *Listing // the newest list of the Endpoint's keys; nil if there is none
	// MissingSince is when the first list in a row was asked for that ought to show the Secret's key and does not; zero if the
	// newest shows it.
	MissingSince time.Time
	// EndpointGone is Cognigy's own word that the Endpoint does not exist. In a pass in which Cognigy was asked, the list is empty
	// then.
	EndpointGone bool
	// Live is true if Cognigy was asked in this pass, and resource and Secret were read from the API server after that. What
	// cannot be undone is only decided then: a key that the list shows had its intent written before it was made, so
	// whoever reads afterwards sees the intent or the delivery.
	Live bool

	WatchedSince time.Time   // when this process began to work: started, and leads
	LastIssued   time.Time   // when the latest issuance that is known of was begun, not in the future; zero if none
	LastEnded    time.Time   // when that one had ended; zero if it is not known, or still under way
	Issues       []time.Time // when this process issued keys for this resource, oldest first
	MarkerLost   time.Time   // when this process was given its latest key, without the marker that it asked for; zero if it has it
}

// Rotation is spec.rotation.
type Rotation struct {
	Every     time.Duration // 0: never
	Overlap   time.Duration
	NotBefore time.Time // zero: none
}

// SecretState says whose the Secret is.
type SecretState int

// Whose the Secret is.
const (
	SecretAbsent SecretState = iota
	SecretForeign
	SecretOurs
)

// Secret is what the Secret records, without the plaintext.
type Secret struct {
	State      SecretState
	Intact     bool // the record is complete and its checksum fits the value
	Outdated   bool // labels, annotations, owner reference or data key are not as the spec wants them
	Bound      bool // an owner reference to the resource has Kubernetes delete it with that
	KeyID      string
	EndpointID string
	IssuedAt   time.Time
	Head, Tail string // the characters of the plaintext that a preview shows
}

// Listing is the answer to a LIST of an Endpoint's keys.
type Listing struct {
	At   time.Time // when the request was sent
	Keys []Key
}

// Key is a key as Cognigy lists it.
type Key struct {
	ID, Name, Preview string
	CreatedAt         time.Time // by Cognigy's clock; compared with other keys' only
}

// Timing is how long things take.
type Timing struct {
	RequestTimeout  time.Duration // of one request to Cognigy
	DeliveryTimeout time.Duration // of the write of the Secret, after the request
	ListLag         time.Duration // how long a list may take to show what was done
	DriftInterval   time.Duration // between two looks at an Endpoint's keys
}

// longestAttempt is what a connection may give an attempt: five minutes for the request, and five for the delivery. A deadline
// in the status that is later is forged.
const longestAttempt = 10 * time.Minute

// Deadline is when an attempt that begins now is given up.
func (t Timing) Deadline(began time.Time) time.Time {
	// mutation: deliver-within-request-timeout
	return began.Add(t.RequestTimeout + t.DeliveryTimeout)
}

// owned returns the listed keys with this resource's marker.
func (o Observed) owned() []Key {
	if o.Listing == nil {
		return nil
	}
	// mutation: own-recorded-key
	return o.Listing.Owned(o.Marker)
}

// Owned returns the keys with a marker.
func (l *Listing) Owned(marker string) []Key {
	var owned []Key
	for _, key := range l.Keys {
		if HasMarker(key.Name, marker) {
			owned = append(owned, key)
		}
	}
	return owned
}

// listed returns the list's entry for the Secret's key.
func (o Observed) listed() (Key, bool) {
	if o.Listing == nil {
		return Key{}, false
	}
	return o.Listing.find(o.Secret.KeyID)
}

// Shows tells whether the list has the key.
func (l *Listing) Shows(keyID string) bool {
	_, shown := l.find(keyID)
	return shown
}

func (l *Listing) find(keyID string) (Key, bool) {
	for _, key := range l.Keys {
		if key.ID == keyID {
			return key, true
		}
	}
	return Key{}, false
}

// recorded tells whether the Secret is ours and holds, unaltered, a key for the Endpoint.
func (o Observed) recorded() bool {
	return o.Secret.State == SecretOurs && o.Secret.Intact && o.Secret.EndpointID == o.EndpointID
}

// fits tells whether a preview can be that of the plaintext in the Secret. A preview without a mask proves nothing.
func (s Secret) fits(preview string) bool {
	head, rest, masked := strings.Cut(preview, "•")
	if !masked || s.Head == "" {
		return true
	}
	tail := strings.TrimLeft(rest, "•")
	// Should Cognigy come to show more or fewer characters, those that both have are compared.
	return (strings.HasPrefix(s.Head, head) || strings.HasPrefix(head, s.Head)) &&
		(strings.HasSuffix(s.Tail, tail) || strings.HasSuffix(tail, s.Tail))
}
