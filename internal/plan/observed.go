// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strings"
	"time"
)

// Observed is everything that the operator knows about one EndpointAPIKey when it makes a plan.
type Observed struct {
	Deleting     bool // the resource has a deletion timestamp
	Deleted      bool // Kubernetes has no such resource any more: only this process remembers that it issued keys for it
	Retain       bool // deletionPolicy is Retain
	Suspended    bool
	HasFinalizer bool
	Requested    bool // a user requests a look at Cognigy now, by annotation
	Unpermitted  bool // the connection does not allow the resource's namespace
	Served       bool // the status shows that the resource was permitted once

	Rotation   Rotation
	EndpointID string
	Marker     string // the end of the name of every key of this resource

	Intent    time.Time // when the attempt began that the status records as pending; zero if none
	Deadline  time.Time // of that attempt, as the status records it; zero if it records none
	IssuedAt  time.Time // when the latest delivered key was issued, as the status reports it, in whole seconds; zero if none
	RetiresAt time.Time // the earliest revocation that the status announces: a hint that a list is due; zero if none

	Secret  Secret
	Listing *Listing // the newest list of the Endpoint's keys; nil if there is none
	// MissingSince is the Plan.MissingSince that the process remembers for the Secret's key.
	MissingSince time.Time
	// Fresh is true if this reconcile got the list, and read the resource and the Secret from the API server after it. Only
	// then does a plan decide on what cannot be undone: the intent of a listed key was written before the key was made, so
	// that the later read shows the intent or the delivery.
	Fresh bool

	LeaderSince    time.Time // when this process began to reconcile: it started, and leads
	Attempts       []Attempt // of this process to issue keys for this resource, oldest first
	KeyNameChanged time.Time // when Cognigy gave this process's latest key another name than requested; zero if it did not
}

// Rotation is spec.rotation.
type Rotation struct {
	Every     time.Duration // 0: never
	Overlap   time.Duration
	NotBefore time.Time // zero: none
}

// SecretState says whose the Secret is.
type SecretState string

// Whose the Secret is.
const (
	SecretAbsent  SecretState = "absent"
	SecretForeign SecretState = "foreign"
	SecretOurs    SecretState = "ours"
)

// Secret is what the Secret records, without the plaintext.
type Secret struct {
	State      SecretState
	Intact     bool // the record is complete and its checksum matches the value
	Outdated   bool // labels, annotations, owner reference or data key differ from the spec
	Bound      bool // an owner reference to the resource lets Kubernetes delete the Secret with it
	KeyID      string
	EndpointID string
	IssuedAt   time.Time
	Head, Tail string // the characters of the plaintext that a preview shows
}

// Timing is how long things take.
type Timing struct {
	RequestTimeout  time.Duration // of one request to Cognigy
	DeliveryTimeout time.Duration // of the write of the Secret, after the request
	ListLag         time.Duration // how long a list may take to show what was done
	DriftInterval   time.Duration // between two lists of an Endpoint's keys
}

// listed is the earliest time from which a list shows the key of an attempt: Cognigy makes the key within the request
// timeout, and a list may lag behind that.
func (t Timing) listed(began time.Time) time.Time { return began.Add(t.RequestTimeout + t.ListLag) }

// recorded reports whether the Secret is ours and holds, unaltered, a key for the Endpoint.
func (o Observed) recorded() bool {
	return o.Secret.State == SecretOurs && o.Secret.Intact && o.Secret.EndpointID == o.EndpointID
}

// matches reports whether a preview can be that of the plaintext in the Secret. A preview without a mask proves nothing.
func (s Secret) matches(preview string) bool {
	head, rest, masked := strings.Cut(preview, "•")
	if !masked || s.Head == "" {
		return true
	}
	tail := strings.TrimLeft(rest, "•")
	// If Cognigy shows more or fewer characters one day, those that both have are compared.
	return (strings.HasPrefix(s.Head, head) || strings.HasPrefix(head, s.Head)) &&
		(strings.HasSuffix(s.Tail, tail) || strings.HasSuffix(tail, s.Tail))
}
