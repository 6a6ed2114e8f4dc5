// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"time"
)

// Attempt is one POST of this process: an attempt to issue a key.
type Attempt struct {
	StartedAt time.Time // of the intent
	EndedAt   time.Time // when the answer arrived; zero before that, or without an answer
	Outcome   Outcome
}

// Outcome is what a process knows of the end of its own attempt.
type Outcome string

// How an attempt ends.
const (
	// OutcomeOpen: the attempt goes on.
	OutcomeOpen Outcome = ""
	// OutcomeDelivered: the Secret holds the key.
	OutcomeDelivered Outcome = "delivered"
	// OutcomeUncertain: the Secret may hold the key, now or later.
	OutcomeUncertain Outcome = "uncertain"
	// OutcomeUndelivered: the Secret does not hold the key, and never will.
	OutcomeUndelivered Outcome = "undelivered"
	// OutcomeRejected: the same, since Kubernetes refused the write although it had accepted its dry run.
	OutcomeRejected Outcome = "rejected"
	// OutcomeRenamed: Cognigy gave the key another name than requested, so that the operator did not deliver it.
	OutcomeRenamed Outcome = "renamed"
	// OutcomeRefused: Cognigy refused to make a key. Something in front of it may say so after the effect.
	OutcomeRefused Outcome = "refused"
	// OutcomeUnanswered: no answer tells whether there is a key.
	OutcomeUnanswered Outcome = "unanswered"
	// OutcomeUnproven: the answer is not one of Cognigy's, and proves nothing.
	OutcomeUnproven Outcome = "unproven"
)

// undelivered reports whether the attempt certainly wrote no key into the Secret, and will write none.
func (a Attempt) undelivered() bool {
	switch a.Outcome {
	case OutcomeOpen, OutcomeDelivered, OutcomeUncertain:
		return false
	default:
		return true
	}
}

// longestAttempt bounds what a connection may give an attempt: five minutes for the request, and five for the delivery. A
// later deadline in the status is forged.
const longestAttempt = 10 * time.Minute

// Deadline is when the operator gives up an attempt that begins now.
func (t Timing) Deadline(began time.Time) time.Time {
	// mutation: deliver-within-request-timeout
	return began.Add(t.RequestTimeout + t.DeliveryTimeout)
}

// intentPending reports whether the status records an intent whose key is not the one in the Secret.
func (o Observed) intentPending() bool {
	return !o.Intent.IsZero() && (!o.recorded() || !o.Secret.IssuedAt.Equal(o.Intent))
}

// resolvedAt is when the attempt of the pending intent has ended and a list shows its effect. The operator does not believe an
// intent that lies in the future by more than clocks may differ: waiting for it could take for ever.
func (o Observed) resolvedAt(now time.Time, t Timing) time.Time {
	if !o.intentPending() || o.Intent.After(now.Add(t.RequestTimeout)) {
		return time.Time{}
	}
	// A process that saw its own attempt end does not wait for it.
	if own := o.ownAttempt(o.Intent); !own.EndedAt.IsZero() && own.undelivered() {
		return own.EndedAt.Add(t.ListLag)
	}
	return o.deadline(t).Add(t.ListLag)
}

// deadline is when the process that recorded the pending intent gives the attempt up. The connection may have had longer
// timeouts then, so that a later recorded deadline counts. A shorter one does not: the status may be forged.
func (o Observed) deadline(t Timing) time.Time {
	recorded := o.Deadline
	if longest := o.Intent.Add(longestAttempt); recorded.After(longest) {
		recorded = longest
	}
	return latest(t.Deadline(o.Intent), recorded)
}

// ownAttempt is what this process knows of an attempt of its own; nothing of any other.
func (o Observed) ownAttempt(startedAt time.Time) Attempt {
	for _, own := range o.Attempts {
		if own.StartedAt.Equal(startedAt) {
			return own
		}
	}
	return Attempt{}
}

// lastIssuance returns when the latest issuance began of which the Secret, the status or this process knows, and when its
// request ended if this process knows that. A time in the future is believed only within what clocks may differ: a later one
// would hold up the deletion for ever.
func (o Observed) lastIssuance(now time.Time, t Timing) (began, ended time.Time) {
	var own Attempt
	if len(o.Attempts) > 0 {
		own = o.Attempts[len(o.Attempts)-1]
	}
	tolerance := t.RequestTimeout
	// mutation: disbelieve-other-clocks
	for _, at := range []time.Time{o.Secret.IssuedAt, o.IssuedAt, own.StartedAt} {
		if at.After(began) && !at.After(now.Add(tolerance)) {
			began = at
		}
	}
	// The status reports whole seconds, and clocks differ: only the Secret proves that no other process issued a key since.
	// mutation: trust-own-attempt
	if began.Equal(own.StartedAt) && o.Secret.IssuedAt.Equal(own.StartedAt) {
		ended = own.EndedAt
	}
	return began, ended
}

// issuedBefore reports whether a key may exist. If the finalizer is missing then, someone removed it.
func (o Observed) issuedBefore(now time.Time, t Timing) bool {
	began, _ := o.lastIssuance(now, t)
	return !o.Intent.IsZero() || !began.IsZero() || o.Secret.State == SecretOurs
}

// neverServed reports whether the resource may not use its connection, and nothing shows that it ever could: whoever creates such a
// resource, with our finalizer on it, must not have requests sent with the connection's credentials.
func (o Observed) neverServed() bool {
	issued := !o.Intent.IsZero() || !o.IssuedAt.IsZero() || len(o.Attempts) > 0 || o.Secret.State == SecretOurs
	return o.Unpermitted && !o.Served && !o.Deleted && !issued
}

// emptyListCounts is the earliest time from which an empty list proves that no key is left and none is to come: once it shows the
// effect of the latest issuance, and of the pending attempt. Where record, status and process do not agree on that, someone may have cleared the word of
// a later attempt. That one began before the deletion did: the intent is written under optimistic lock.
func (o Observed) emptyListCounts(now time.Time, t Timing) time.Time {
	began, ended := o.lastIssuance(now, t)
	counts := t.listed(began)
	if !ended.IsZero() {
		counts = ended.Add(t.ListLag)
	}
	counts = latest(counts, o.resolvedAt(now, t), o.replacedShown(now, t), o.unsettledUntil(now, t).Add(t.ListLag))
	// mutation: trust-cleared-status
	if !o.agreed() && !o.DeletingSince.IsZero() {
		counts = latest(counts, t.Deadline(o.DeletingSince).Add(t.ListLag))
	}
	return counts
}

// replacedShown is the earliest time from which a list shows those of the replaced keys that work; zero if there are none.
func (o Observed) replacedShown(now time.Time, t Timing) time.Time {
	var shown time.Time
	for _, replaced := range slices.Concat(o.Secret.Retiring, o.Reported.Retiring) {
		shown = latest(shown, t.believable(replaced.ReplacedAt, now).Add(t.ListLag))
	}
	return shown
}

// unsettledUntil is until when Cognigy may make a key of which nothing else tells; zero if that is over. A refusal ends the wait for an
// attempt, and proves no more.
func (o Observed) unsettledUntil(now time.Time, t Timing) time.Time {
	until := o.Unsettled
	if until.After(now.Add(longestAttempt)) { // forged
		until = time.Time{}
	}
	for _, own := range o.Attempts {
		if own.Outcome == OutcomeRefused {
			until = latest(until, own.StartedAt.Add(t.RequestTimeout))
		}
	}
	if !o.listedAt().Before(until.Add(t.ListLag)) { // a list shows what became of it
		return time.Time{}
	}
	return until
}

// agreed reports whether the record, the status and this process tell the same of the latest issuance, and that it is over.
func (o Observed) agreed() bool {
	if !o.recorded() || o.Reported.KeyID != o.Secret.KeyID || !o.Intent.IsZero() {
		return false
	}
	last := len(o.Attempts) - 1
	return last < 0 || o.Attempts[last].StartedAt.Equal(o.Secret.IssuedAt)
}
