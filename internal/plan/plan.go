// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package plan decides what to do next for one EndpointAPIKey. It is pure: observed values and the time go in, one action,
// the time to look again and what to report come out. It holds no client, no context and no clock, and it does nothing.
package plan

import "time"

// Action is what to do next.
type Action int

// The actions. At most one of them is carried out before everything is observed again.
const (
	// Wait: nothing is to be done now.
	Wait Action = iota
	// Look: list the Endpoint's keys, then read the resource and the Secret from the API server, and plan again.
	Look
	// Protect: add the finalizer.
	Protect
	// Issue: make a key and deliver it. Without the finalizer, which is added first, nothing can exist in Cognigy yet.
	Issue
	// Repair: put the Secret's metadata and data key right; the value stays.
	Repair
	// Revoke: revoke the keys of the plan.
	Revoke
	// Release: delete the Secret if it is ours, then remove the finalizer.
	Release
	// Retain: detach the Secret from the resource, then remove the finalizer. Keys and Secret stay.
	Retain
)

// State says where the resource is on its way, for the report.
type State int

// The states.
const (
	Delivered State = iota // nothing is left to do
	Issuing
	Rotating
	Verifying // whether an earlier attempt made a key
	Retiring  // replaced and lost keys
	Revoking  // every key, since the resource is being deleted
	Suspended
	SecretNotOwned
	EndpointNotFound
	MintBudgetExhausted
	MarkerLost
)

// Plan is what follows from what was observed.
type Plan struct {
	Do     Action
	From   time.Time // for Look: the list must have been asked for then or later; zero for now
	Revoke []Key     // for Revoke
	Again  time.Time // when to look again; zero: when something changes

	State     State
	HasKey    bool      // the Secret holds a key that is believed to work
	Open      bool      // the recorded intent is not concluded
	RotatesAt time.Time // zero: never
	Retiring  []Key     // replaced keys that still work
	RetiresAt time.Time // when they will be revoked
}

const (
	// foreignWait is the time between two looks at a Secret that is not ours: it has no label, so that it is not watched.
	foreignWait = 15 * time.Second
	// goneWait is the time between two looks for an Endpoint that does not exist.
	goneWait = time.Minute
	// lookWait is the time between two looks at Cognigy when the first did not settle what was asked.
	lookWait = time.Second
)

// Next plans the next step.
func Next(o Observed, now time.Time, t Timing) Plan {
	// A record from a future that no clock explains would put off all that counts from it.
	if o.Secret.IssuedAt.After(now.Add(t.RequestTimeout + t.ListLag)) {
		o.Secret.Intact = false
	}
	looked := o.Live
	o.Live = looked && o.Listing != nil // without Cognigy's answer nothing was seen
	p := o.next(looked, now, t)
	if p.Do != Protect && p.Do != Revoke && o.binds() && !now.Before(o.settlesAt(now, t)) {
		p.Do = Repair
	}
	if !o.Live && irreversible(p.Do, o) {
		p.Do = Look
	}
	if p.Do == Look && looked {
		p.Do = Wait
		if !p.Again.After(now) {
			p.Again = now.Add(lookWait)
		}
	}
	return p
}

// next is what to do if it can be done on what was observed.
func (o Observed) next(looked bool, now time.Time, t Timing) Plan {
	switch {
	case o.Deleting:
		return deletion(o, now, t)
	case o.Suspended:
		return Plan{State: Suspended, HasKey: o.recorded(), Open: o.unconcluded()}
	case o.Secret.State == SecretForeign:
		return Plan{State: SecretNotOwned, Open: o.unconcluded(), Again: now.Add(foreignWait)}
	case o.EndpointGone && looked:
		return Plan{State: EndpointNotFound, Open: o.unconcluded(), Again: now.Add(min(goneWait, t.DriftInterval))}
	case o.EndpointGone: // when it was asked last; it may have come back
		return Plan{Do: Look, State: EndpointNotFound, Open: o.unconcluded()}
	default:
		return upkeep(o, now, t)
	}
}

// irreversible tells which actions need a live observation. The first issue does not: its intent is written under optimistic
// lock, and nothing can exist in Cognigy before the finalizer.
func irreversible(action Action, o Observed) bool {
	switch action {
	case Revoke, Release:
		return true
	case Issue:
		return o.Protected
	default:
		return false
	}
}

// binds tells whether the Secret would go with the resource although it is to be kept. That is put right before anything that
// needs Cognigy, since with a deletion the garbage collector may be faster than the operator.
func (o Observed) binds() bool { return o.Retain && !o.Deleting && o.Secret.Bound }

// unconcluded tells whether an intent is recorded whose key is not the one in the Secret.
func (o Observed) unconcluded() bool {
	return !o.Intent.IsZero() && (!o.recorded() || !o.Secret.IssuedAt.Equal(o.Intent))
}

// settlesAt is when a request sent on the recorded intent has ended and its effect shows in a list. An intent that lies in
// the future by more than a clock may be off is not believed.
func (o Observed) settlesAt(now time.Time, t Timing) time.Time {
	if !o.unconcluded() || o.Intent.After(now.Add(t.RequestTimeout)) {
		return time.Time{}
	}
	return o.deadline(t).Add(t.ListLag)
}

// deadline is when whoever began the recorded intent gives it up. The connection may have had longer timeouts then; a shorter
// deadline is not believed, since whoever may write the status could forge it.
func (o Observed) deadline(t Timing) time.Time {
	recorded := o.Deadline
	if longest := o.Intent.Add(longestAttempt); recorded.After(longest) {
		recorded = longest
	}
	return latest(t.Deadline(o.Intent), recorded)
}

func latest(times ...time.Time) time.Time {
	var last time.Time
	for _, at := range times {
		if at.After(last) {
			last = at
		}
	}
	return last
}

// earliest ignores zero times.
func earliest(times ...time.Time) time.Time {
	var first time.Time
	for _, at := range times {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}
