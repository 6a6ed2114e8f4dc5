// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strings"
	"time"
)

// Observed is everything that the operator knows about one EndpointAPIKey when it makes a plan.
type Observed struct {
	DeletingSince time.Time // the resource's deletion timestamp; zero if it is not being deleted
	Deleted       bool      // Kubernetes has no such resource any more: only this process remembers that it issued keys for it
	Retain        bool      // deletionPolicy is Retain
	Suspended     bool
	HasFinalizer  bool
	Requested     bool // a user requests a look at Cognigy now, by annotation
	Unpermitted   bool // the connection does not allow the resource's namespace, or not for its Endpoint
	Served        bool // the status shows that the resource was permitted once

	Rotation   Rotation
	EndpointID string
	// Markers end the names of the keys of this resource. The first is the one that new keys get; the others are of identities that
	// this cluster had before.
	Markers []string
	// Formers are the other owners that the record and the status name, and that do not exist in the namespace any more.
	Formers []Former
	// Elsewhere holds the ids of the keys that Secrets of the namespace record which are not this resource's.
	Elsewhere map[string]bool

	Intent       time.Time // when the attempt began that the status records as pending; zero if none
	Deadline     time.Time // of that attempt, as the status records it; zero if it records none
	IntentSecret string    // the version of the Secret before that attempt, as the status records it; "" if it records none
	IssuedAt     time.Time // when the latest delivered key was issued, as the status reports it, in whole seconds; zero if none
	Unsettled    time.Time // until when Cognigy may make a key of which nothing else tells, according to the status; zero if none
	Reported     Reported

	Secret  Secret
	Targets []Target // workloads that restart with each key that replaces another
	Listing *Listing // the newest list of the Endpoint's keys; nil if there is none
	// MissingSince is the Plan.MissingSince that the process remembers for the Secret's key.
	MissingSince time.Time
	// Fresh is true if this reconcile got the list, and read the resource and the Secret from the API server after it. Only
	// then does a plan decide on what cannot be undone: the intent of a listed key was written before the key was made, so
	// that the later read shows the intent or the delivery.
	Fresh bool

	// Recorded is true if this reconcile wrote the record.
	Recorded bool

	LeaderSince time.Time // when this process began to reconcile: it started, and leads
	Attempts    []Attempt // of this process to issue keys for this resource, oldest first
}

// Former is an owner that a Secret had before.
type Former struct {
	UID     string
	Markers []string // that end the names of the keys that were issued for it in this cluster and namespace
}

// Reported is what the status says of delivered keys. It may be forged or cleared: what follows from it delays a revocation, and never
// causes one of a key that the record has.
type Reported struct {
	KeyID    string
	Retiring []RetiringKey // in whole seconds
}

// RetiringKey is a replaced key that still works.
type RetiringKey struct {
	KeyID      string
	Preview    string
	ReplacedAt time.Time // in whole seconds; zero in a plan: when the record is written
	FormerUID  string    // of the owner that it was issued for, if that is a former one; else ""
}

// SecretState says whose the Secret is.
type SecretState string

// Whose the Secret is.
const (
	SecretAbsent  SecretState = "absent"
	SecretForeign SecretState = "foreign"
	SecretOurs    SecretState = "ours"
	// SecretNewer: it is ours, and a later version of the operator wrote a record that this one cannot read.
	SecretNewer SecretState = "newer"
)

// SecretAbsentVersion stands for the version of a Secret that does not exist.
const SecretAbsentVersion = "0"

// Secret is what the Secret records, without the plaintext.
type Secret struct {
	State      SecretState
	Version    string // resourceVersion; SecretAbsentVersion if it is absent
	FormerUID  string // of the owner that the record names, if that is another one: the Secret may be ours from an earlier life
	Intact     bool   // the record is complete and its checksum matches the value
	Outdated   bool   // labels, annotations, owner reference, data key, type or what templates made differ from the spec
	Bound      bool   // an owner reference to the resource lets Kubernetes delete the Secret with it
	KeyID      string
	EndpointID string
	IssuedAt   time.Time
	Retiring   []RetiringKey // the keys that the record says were replaced
	// Replacement is true if workloads may have read another key before this one, according to the record.
	Replacement bool
	Head, Tail  string // the characters of the plaintext that a preview shows
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
	return o.Secret.State == SecretOurs && o.Secret.Intact && o.EndpointID != "" && o.Secret.EndpointID == o.EndpointID
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
