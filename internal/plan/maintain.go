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

// replace issues a key where the Secret holds none that works. The keys of a pending attempt lost their plaintext: the
// operator revokes them first. Any others are older, and it revokes those once the new key is delivered.
func replace(o Observed, now time.Time, t Timing) Plan {
	if lost := o.unrecorded(); o.intentPending() && len(lost) > 0 {
		return Plan{Do: Revoke, Why: "the pending attempt delivered no plaintext", Revoke: lost, State: Verifying, IntentPending: true}
	}
	return issue(o, now, t, Plan{Do: Wait, State: Issuing}, "the Secret holds no working key")
}

// maintainDelivered revokes undelivered and replaced keys, rotates, and repairs the Secret. It revokes before it rotates, so
// that keys do not pile up.
func maintainDelivered(o Observed, now time.Time, t Timing) Plan {
	p := withTimes(Plan{Do: Wait, Why: "the Secret holds a working key", State: Delivered, HasKey: true}, o, now, t)
	undelivered, replaced := o.others()
	// mutation: revoke-within-overlap
	due := !now.Before(o.overlapEndsAt())
	if !due && len(replaced) > 0 {
		p.Retiring, p.RetiresAt = replaced, o.overlapEndsAt()
		p.RequeueAt = earliest(p.RequeueAt, p.RetiresAt)
	}
	switch {
	case len(undelivered) > 0:
		p.Do, p.Why, p.Revoke = Revoke, "keys were not delivered", undelivered
		p.State, p.IntentPending = Retiring, o.intentPending()
	case due && len(replaced) > 0:
		p.Do, p.Why, p.Revoke = Revoke, "the overlap after their replacement has ended", replaced
		p.State, p.IntentPending = Retiring, o.intentPending()
	case !p.RotatesAt.IsZero() && !now.Before(p.RotatesAt):
		p.State = Rotating
		p = issue(o, now, t, p, "a rotation is due")
	}
	if p.Do == Wait && o.Secret.Outdated {
		p.Do, p.Why = Repair, "the Secret's metadata differs from the spec"
	}
	return p
}

// withTimes fills in when the key rotates and when to reconcile again.
func withTimes(p Plan, o Observed, now time.Time, t Timing) Plan {
	if !o.recorded() {
		return p
	}
	p.RotatesAt = o.rotatesAt()
	p.RequeueAt = earliest(o.driftCheckAt(t), p.RotatesAt)
	if missing := o.missingSince(t); !missing.IsZero() {
		p.RequeueAt = earliest(p.RequeueAt, missing.Add(t.ListLag))
	}
	if o.RetiresAt.After(now) {
		p.RetiresAt = o.RetiresAt
		p.RequeueAt = earliest(p.RequeueAt, o.RetiresAt)
	}
	return p
}
