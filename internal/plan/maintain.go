// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import "time"

// maintain keeps one working key in the Secret.
func maintain(o Observed, now time.Time, t Timing) Plan {
	resolved := o.resolvedAt(now, t)
	switch {
	case !o.HasFinalizer && o.issuedBefore(now, t):
		return Plan{
			Do: AddFinalizer, Why: "a key may exist", State: Issuing, HasKey: o.recorded(), IntentPending: o.intentPending(),
		}
	case now.Before(resolved):
		return Plan{
			Do: Wait, Why: "the pending attempt has not ended", State: Verifying, HasKey: o.recorded(), IntentPending: true,
			RequeueAt: resolved,
		}
	case !o.HasFinalizer:
		return issue(o, now, t, Plan{Do: Wait, State: Issuing, IntentPending: o.intentPending()}, "the resource is new")
	case o.intentPending() && (!o.Fresh || o.Listing.At.Before(resolved)):
		return Plan{
			Do: List, Why: "a list shows what the pending attempt did", State: Verifying, HasKey: o.recorded(), IntentPending: true,
		}
	}
	if why, notBefore := o.listDue(now, t); why != "" && !o.Fresh {
		return withTimes(Plan{Do: List, Why: why, ListNotBefore: notBefore, HasKey: o.recorded(), State: driftCheckState(o)}, o, now, t)
	}
	if !o.hasKey(t) {
		return replace(o, now, t)
	}
	return maintainDelivered(o, now, t)
}

func driftCheckState(o Observed) State {
	if o.recorded() {
		return Delivered
	}
	return Issuing
}

// replace issues a key where the Secret holds none that works. The key of a pending attempt that is certainly undelivered is revoked
// first. The new record names any others, so that they retire.
func replace(o Observed, now time.Time, t Timing) Plan {
	if lost := o.others(now, t).undelivered; len(lost) > 0 {
		return Plan{
			Do: Revoke, Why: "an attempt delivered no plaintext", Revoke: lost, State: Verifying, IntentPending: o.intentPending(),
		}
	}
	return issue(o, now, t, Plan{Do: Wait, State: Issuing}, "the Secret holds no working key")
}

// maintainDelivered revokes undelivered and replaced keys, rotates, and repairs the Secret. It revokes before it rotates, so
// that keys do not pile up.
func maintainDelivered(o Observed, now time.Time, t Timing) Plan {
	p := withTimes(Plan{Do: Wait, Why: "the Secret holds a working key", State: Delivered, HasKey: true}, o, now, t)
	others := o.others(now, t)
	switch {
	case len(others.undelivered) > 0:
		p.Do, p.Why, p.Revoke = Revoke, "keys were not delivered", others.undelivered
		p.State, p.IntentPending = Retiring, o.intentPending()
	case o.Secret.FormerUID != "":
		p.Do, p.Why, p.Retire = Record, "the Secret is from an earlier life of the resource", o.retiring(others, now, t)
		p.Replaces = o.recordReplaces(p.Retire)
	case others.unnamed:
		p.Do, p.Why, p.Retire = Record, "the record does not name every key that may have been delivered", o.retiring(others, now, t)
		p.Replaces = o.recordReplaces(p.Retire)
	case len(others.over) > 0:
		p.Do, p.Why, p.Revoke, p.Late = Revoke, "the overlap after their replacement has ended", others.over, o.holding()
		p.State, p.IntentPending = Retiring, o.intentPending()
	case !p.RotatesAt.IsZero() && !now.Before(p.RotatesAt):
		p.State = Rotating
		p = issue(o, now, t, p, "a rotation is due")
	}
	if p.Do == Wait && o.Secret.Outdated {
		p.Do, p.Why = Repair, "the Secret differs from the spec"
	}
	return p
}

// withTimes fills in when the key rotates and when to reconcile again.
func withTimes(p Plan, o Observed, now time.Time, t Timing) Plan {
	if !o.recorded() {
		return p
	}
	p.RotatesAt = o.rotatesAt(now)
	p.RequeueAt = earliest(o.driftCheckAt(now, t), p.RotatesAt, o.rolloutCheckAt(now))
	if missing := o.missingSince(t); !missing.IsZero() {
		p.RequeueAt = earliest(p.RequeueAt, missing.Add(t.ListLag))
	}
	if shown := o.reportedShown(now, t); o.putBack(now, t) && shown.After(now) {
		p.RequeueAt = earliest(p.RequeueAt, shown)
	}
	// The list of this reconcile may have been requested for another resource, too early for this one.
	if o.overlapEnded(now, t) || o.putBack(now, t) && o.listDecides(now, t) {
		p.RequeueAt = now
	}
	if p.RetiresAt = o.nextRetires(now, t); !p.RetiresAt.IsZero() {
		p.RequeueAt = earliest(p.RequeueAt, p.RetiresAt)
	}
	return p
}

// nextRetires is when the next overlap ends; zero if none does.
func (o Observed) nextRetires(now time.Time, t Timing) time.Time {
	var next time.Time
	for _, replaced := range o.working(now, t) {
		for _, at := range o.listedFor(replaced, t) {
			if at.After(now) {
				next = earliest(next, at)
			}
		}
	}
	return next
}
