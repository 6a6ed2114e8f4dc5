// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package plan decides what to do next for one EndpointAPIKey. It holds every rule of what is safe when. It is pure: observed
// values and the time go in; one action, the time of the next reconcile and what to report come out. It has no client, no
// context and no clock.
package plan

import (
	"slices"
	"time"
)

// Action is what to do next.
type Action string

// The actions. A reconcile carries out at most one of them before it observes everything again.
const (
	// Wait: there is nothing to do now.
	Wait Action = "wait"
	// List the Endpoint's keys, then read the resource and the Secret from the API server, and plan again.
	List Action = "list"
	// AddFinalizer to the resource.
	AddFinalizer Action = "add finalizer"
	// Issue a key and deliver it. Without the finalizer, which is added first, nothing can exist in Cognigy yet.
	Issue Action = "issue"
	// Record: write the Secret's record anew, with the retiring keys of the plan, and take over a Secret from an earlier life; the
	// value stays. The write fails unless the Secret is as it was read, so that a late delivery of another process fails after it.
	Record Action = "record"
	// Repair the Secret's metadata, data key and what templates made; the value stays.
	Repair Action = "repair"
	// Revoke the keys of the plan.
	Revoke Action = "revoke"
	// Finalize: delete the Secret if the plan says so, then remove the finalizer.
	Finalize Action = "finalize"
	// Retain: detach the Secret from the resource, then remove the finalizer. The Secret and its key stay.
	Retain Action = "retain"
)

// State says where the resource stands, for the report.
type State string

// The states.
const (
	Delivered        State = "delivered" // nothing is left to do
	Issuing          State = "issuing"
	Rotating         State = "rotating"
	Verifying        State = "verifying" // whether an earlier attempt made a key
	Retiring         State = "retiring"  // revoking replaced and undelivered keys
	Revoking         State = "revoking"  // every key, since the resource is being deleted
	Suspended        State = "suspended"
	SecretNotOwned   State = "secret not owned"
	EndpointNotFound State = "endpoint not found"
	TooManyIssuances State = "too many issuances"
	KeyNameChanged   State = "key name changed"
	NewerRecord      State = "newer record" // than this version of the operator can read
)

// Plan is what follows from what was observed.
type Plan struct {
	Do            Action
	Why           string        // why this action, for the log; the State says what it means to a user
	ListNotBefore time.Time     // for List: the list must have been requested then or later; zero for now
	Revoke        []Key         // for Revoke
	Retire        []RetiringKey // for Issue and Record: the replaced keys that the record names
	Replaces      bool          // for Issue and Record: workloads may have read another key than the one that the Secret then holds
	DeleteSecret  bool          // for Finalize
	Late          []string      // for Revoke: the targets that have not restarted, although maxOverlap is over
	Left          []RetiringKey // for Retain: keys beside the Secret's that work on; for Issue: that of a former life, which is not ours
	LeftUncertain bool          // for Retain: no list tells whether there are others
	RequeueAt     time.Time     // when to reconcile again; zero: when something changes

	State         State
	HasKey        bool // the Secret holds a key that the operator believes to work
	IntentPending bool // the recorded intent is not resolved
	Reports       bool // the status may name the Secret's key: the record knows of the key that it names now, or that one is gone
	// UnsettledUntil is until when Cognigy may make a key of which nothing else tells; zero: it may not.
	UnsettledUntil time.Time
	RotatesAt      time.Time     // zero: never
	Retiring       []RetiringKey // replaced keys that still work
	RetiresAt      time.Time     // when the operator will revoke the next of them
	Restart        []string      // the targets to restart, beside the action
	Behind         []string      // the targets that do not run with the Secret's key, as far as the operator knows; also those that are missing
	// MissingSince is when the first list in a row was requested that should show the Secret's key and does not; zero if none
	// does so. The process remembers it for the next plan.
	MissingSince time.Time
}

const (
	// foreignInterval is the time between two reads of a Secret that is not ours: it has no label, so that it is not watched.
	foreignInterval = 15 * time.Second
	// goneInterval is the time between two lists for an Endpoint that does not exist.
	goneInterval = time.Minute
	// listInterval is the time between two lists when the first did not answer the question.
	listInterval = time.Second
)

// Next plans the next step.
func Next(o Observed, now time.Time, t Timing) Plan {
	listed := o.Fresh
	o.Fresh = listed && o.Listing != nil // without Cognigy's answer nothing was seen
	o.Secret = o.claimed()
	o.Secret.Intact = o.Secret.Intact && o.plausible(now, t)
	p := o.next(now, t)
	o.report(&p, now, t)
	if p.Do != AddFinalizer && p.Do != Revoke && p.Do != Record && o.mustDetach() && !now.Before(o.resolvedAt(now, t)) {
		p.Do, p.Why = Repair, "Kubernetes would delete the Secret with its resource, whose deletionPolicy is Retain"
	}
	if !o.Fresh && irreversible(p.Do, o) {
		p.Do, p.Why = List, string(p.Do)+" needs a fresh list: "+p.Why
	}
	if p.Do == List && listed {
		p.Do, p.Why = Wait, "this list does not answer the question: "+p.Why
		if !p.RequeueAt.After(now) {
			p.RequeueAt = now.Add(listInterval)
		}
	}
	return p
}

// report completes what a plan has the status say.
func (o Observed) report(p *Plan, now time.Time, t Timing) {
	if o.Secret.FormerUID != "" { // a list has to prove its key, and a write to take it over
		if p.HasKey = false; p.State == Delivered {
			p.State = Issuing
		}
	}
	p.MissingSince, p.Retiring = o.missingSince(t), o.working(now, t)
	// During a deletion, what the status said before tells whether the record is the latest one.
	p.Reports = p.HasKey && o.DeletingSince.IsZero() && !o.putBack(now, t)
	p.UnsettledUntil = o.unsettledUntil(now, t)
	if p.Reports && !o.Suspended && !o.leaving() {
		p.Restart, p.Behind = o.toRestart(), o.behind()
	}
	// Someone may have cleared the status, and an intent with it.
	if issues := p.Do == Issue && o.HasFinalizer; (issues || p.Reports) && o.Reported.KeyID == "" && o.Intent.IsZero() {
		p.UnsettledUntil = t.Deadline(now)
	}
}

// claimed returns the Secret as the resource may see it: one whose record names an owner that exists is that one's, or was tampered with, and a
// resource that is being deleted takes over none.
func (o Observed) claimed() Secret {
	is := func(former Former) bool { return former.UID == o.Secret.FormerUID }
	foreign := Secret{State: SecretForeign, Version: o.Secret.Version}
	// mutation: take-from-existing-owner
	exists := !slices.ContainsFunc(o.Formers, is)
	switch {
	case o.Secret.FormerUID == "":
		return o.Secret
	case exists && o.Secret.Bound:
		altered := o.Secret
		altered.FormerUID, altered.Intact = "", false
		return altered
	case exists, o.leaving():
		return foreign
	default:
		return o.Secret
	}
}

// leaving reports whether the resource is being deleted, or gone.
func (o Observed) leaving() bool { return !o.DeletingSince.IsZero() || o.Deleted }

// plausible reports whether the record may be what the operator wrote. One from a future that no difference of clocks explains would put
// off everything that counts from it; unless a list shows its key, which proves that this clock was put back since.
func (o Observed) plausible(now time.Time, t Timing) bool {
	if !o.Secret.IssuedAt.After(t.listed(now)) {
		return true
	}
	// mutation: distrust-own-future
	key, shown := o.current()
	return shown && o.owns(key) && o.Secret.matches(key.Preview)
}

// next plans the next step as if everything could be done on what was observed.
func (o Observed) next(now time.Time, t Timing) Plan {
	switch {
	case o.leaving():
		return deletion(o, now, t)
	case o.Suspended:
		return Plan{Do: Wait, Why: "spec.suspend is true", State: Suspended, HasKey: o.recorded(), IntentPending: o.intentPending()}
	case o.Secret.State == SecretForeign:
		return Plan{
			Do: Wait, Why: "the Secret belongs to something else", State: SecretNotOwned, IntentPending: o.intentPending(),
			RequeueAt: now.Add(foreignInterval),
		}
	case o.Secret.State == SecretNewer:
		return Plan{
			Do: Wait, Why: "the record is of a later version", State: NewerRecord, IntentPending: o.intentPending(),
			RequeueAt: now.Add(foreignInterval),
		}
	case o.endpointGone() && o.Fresh:
		return Plan{
			Do: Wait, Why: "the Endpoint does not exist", State: EndpointNotFound, IntentPending: o.intentPending(),
			RequeueAt: now.Add(min(goneInterval, t.DriftInterval)),
		}
	case o.endpointGone(): // according to an earlier list; the Endpoint may be back
		return Plan{Do: List, Why: "the Endpoint may exist again", State: EndpointNotFound, IntentPending: o.intentPending()}
	default:
		return maintain(o, now, t)
	}
}

// irreversible tells which actions need a fresh observation. The first issue does not: the operator writes its intent under
// optimistic lock, and nothing can exist in Cognigy before the finalizer. Neither does the end of a resource that could never have a key:
// the operator removes the finalizer under optimistic lock, too.
func irreversible(action Action, o Observed) bool {
	switch action {
	case Revoke, Record:
		return true
	case Finalize:
		return !o.neverServed()
	case Issue:
		return o.HasFinalizer
	default:
		return false
	}
}

// mustDetach reports whether Kubernetes would delete the Secret with a resource whose deletionPolicy is Retain. The operator
// repairs that before anything that needs Cognigy: during a deletion the garbage collector may be faster.
func (o Observed) mustDetach() bool {
	return o.Retain && !o.leaving() && o.Secret.Bound
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
