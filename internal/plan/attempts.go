// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import "time"

// Attempt is one POST of this process: an attempt to issue a key.
type Attempt struct {
	StartedAt time.Time // of the intent
	EndedAt   time.Time // when the answer arrived; zero before that, or without an answer
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

// emptyListCounts is the earliest time from which an empty list proves that no issuance is outstanding. Another process may
// have begun one before this one led, without a trace: a user can clear the status. The request timeout bounds both,
// since Cognigy makes no key after it; the delivery timeout concerns the Secret only.
func (o Observed) emptyListCounts(now time.Time, t Timing) time.Time {
	others := t.listed(o.LeaderSince)
	began, ended := o.lastIssuance(now, t)
	if ended.IsZero() {
		return latest(others, t.listed(began))
	}
	return latest(others, ended.Add(t.ListLag))
}
