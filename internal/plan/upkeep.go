// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"time"
)

const (
	mintBudget = 5
	mintWindow = 10 * time.Minute
)

// upkeep keeps one working key in the Secret.
func upkeep(o Observed, now time.Time, t Timing) Plan {
	settles := o.settlesAt(now, t)
	switch {
	case !o.Protected && o.issuedBefore():
		return Plan{Do: Protect, State: Issuing, HasKey: o.recorded(), Open: o.unconcluded()}
	case now.Before(settles):
		return Plan{State: Verifying, HasKey: o.recorded(), Open: true, Again: settles}
	case !o.Protected:
		return issue(o, now, t, Plan{State: Issuing, Open: o.unconcluded()})
	case o.unconcluded() && (!o.Live || o.Listing.At.Before(settles)):
		return Plan{Do: Look, State: Verifying, HasKey: o.recorded(), Open: true}
	}
	if due, from := o.lookDue(now, t); due && !o.Live {
		return withTimes(Plan{Do: Look, From: from, HasKey: o.recorded(), State: lookState(o)}, o, now, t)
	}
	if !o.hasKey(t) {
		return replace(o, now, t)
	}
	return maintain(o, now, t)
}

// issuedBefore tells whether a key may exist although the finalizer is gone: somebody removed it.
func (o Observed) issuedBefore() bool {
	return !o.Intent.IsZero() || !o.LastIssued.IsZero() || o.Secret.State == SecretOurs
}

// lookDue tells whether Cognigy is to be asked, and from when on a list will do. A routine look may use what another key of
// the Endpoint has just been told.
func (o Observed) lookDue(now time.Time, t Timing) (due bool, from time.Time) {
	announced := !o.RetiresAt.IsZero() && o.seen().Before(o.RetiresAt) && !now.Before(o.RetiresAt)
	missing := o.missingSince(t)
	doubtful := !missing.IsZero() && !now.Before(missing.Add(t.ListLag))
	if !o.recorded() || o.Requested || doubtful || announced {
		return true, time.Time{}
	}
	drift := o.driftAt(t)
	return !now.Before(drift), drift
}

// seen is when the newest list was asked for; zero if there is none.
func (o Observed) seen() time.Time {
	if o.Listing == nil {
		return time.Time{}
	}
	return o.Listing.At
}

// driftAt is when the next routine look is due.
func (o Observed) driftAt(t Timing) time.Time {
	return latest(o.seen(), o.Secret.IssuedAt, o.WatchedSince).Add(t.DriftInterval)
}

func lookState(o Observed) State {
	if o.recorded() {
		return Delivered
	}
	return Issuing
}

// hasKey tells whether the Secret holds a key that works, as far as can be known. A key that lists do not show counts as
// revoked only when two of them that ought to show it, a lag apart, do not.
func (o Observed) hasKey(t Timing) bool {
	if !o.recorded() {
		return false
	}
	if key, ok := o.listed(); ok {
		return HasMarker(key.Name, o.Marker) && o.Secret.fits(key.Preview)
	}
	missing := o.missingSince(t)
	return missing.IsZero() ||
		// mutation: one-list-proves-revocation
		o.Listing.At.Before(missing.Add(t.ListLag))
}

// missingSince is since when lists that ought to show the Secret's key do not; zero if none proves it. A key may be made as
// late as its request times out.
func (o Observed) missingSince(t Timing) time.Time {
	shown := o.Secret.IssuedAt.Add(t.RequestTimeout + t.ListLag)
	if o.MissingSince.IsZero() || o.Listing == nil || o.Listing.At.Before(shown) || o.Listing.Shows(o.Secret.KeyID) {
		return time.Time{}
	}
	return latest(o.MissingSince, shown)
}

// replace issues a key where the Secret holds none that works. Keys of an attempt that was not concluded lost their
// plaintext: they go first. Any others are older, and are revoked once the new one is delivered.
func replace(o Observed, now time.Time, t Timing) Plan {
	if lost := o.undelivered(); o.unconcluded() && len(lost) > 0 {
		return Plan{Do: Revoke, Revoke: lost, State: Verifying, Open: true}
	}
	return issue(o, now, t, Plan{State: Issuing})
}

// undelivered returns the owned keys but the one that the Secret names: even if the record was altered, workloads may use it.
func (o Observed) undelivered() []Key {
	return slices.DeleteFunc(o.owned(), func(key Key) bool {
		return o.Secret.State == SecretOurs && key.ID == o.Secret.KeyID
	})
}

// issue adds Issue to a plan, within the mint budget. Beyond that it looks now and then: a key that was taken for revoked may
// be listed again. Where names are not kept, a key that gets lost is not found again: that is rarely tried, or when somebody asks for it.
func issue(o Observed, now time.Time, t Timing, p Plan) Plan {
	if kept := o.MarkerLost.Add(mintWindow); !o.MarkerLost.IsZero() && now.Before(kept) && !o.Requested {
		p.State, p.Again = MarkerLost, earliest(p.RetiresAt, kept, now.Add(t.DriftInterval))
		return p
	}
	recent := o.Issues
	for len(recent) > 0 && !now.Before(recent[0].Add(mintWindow)) {
		recent = recent[1:]
	}
	// mutation: issue-without-budget
	if len(recent) < mintBudget {
		p.Do = Issue
		return p
	}
	p.State = MintBudgetExhausted
	p.Again = earliest(p.RetiresAt, recent[len(recent)-mintBudget].Add(mintWindow), now.Add(t.DriftInterval))
	return p
}

// maintain revokes lost and replaced keys, rotates, and repairs the Secret. Revoking comes before rotating, so that keys do
// not pile up.
func maintain(o Observed, now time.Time, t Timing) Plan {
	p := withTimes(Plan{State: Delivered, HasKey: true}, o, now, t)
	lost, replaced := o.others()
	retiresAt := o.Secret.IssuedAt.Add(o.Rotation.Overlap)
	// mutation: revoke-within-overlap
	due := !now.Before(retiresAt)
	if !due && len(replaced) > 0 {
		p.Retiring, p.RetiresAt = replaced, retiresAt
		p.Again = earliest(p.Again, retiresAt)
	}
	switch {
	case len(lost) > 0:
		p.Do, p.Revoke, p.State, p.Open = Revoke, lost, Retiring, o.unconcluded()
	case due && len(replaced) > 0:
		p.Do, p.Revoke, p.State, p.Open = Revoke, replaced, Retiring, o.unconcluded()
	case !p.RotatesAt.IsZero() && !now.Before(p.RotatesAt):
		p.State = Rotating
		p = issue(o, now, t, p)
	}
	if p.Do == Wait && o.Secret.Outdated {
		p.Do = Repair
	}
	return p
}

// others returns the owned keys beside the Secret's: lost ones, which are newer, so that their plaintext never arrived, and
// replaced ones. While the list does not show the Secret's key yet, none can be told to be lost.
func (o Observed) others() (lost, replaced []Key) {
	current, listed := o.listed()
	for _, key := range o.owned() {
		switch {
		case key.ID == o.Secret.KeyID:
		case listed && key.CreatedAt.After(current.CreatedAt):
			lost = append(lost, key)
		default:
			replaced = append(replaced, key)
		}
	}
	return lost, replaced
}

// withTimes fills in when the key rotates and when to look again.
func withTimes(p Plan, o Observed, now time.Time, t Timing) Plan {
	if !o.recorded() {
		return p
	}
	p.RotatesAt = o.rotatesAt()
	p.Again = earliest(o.driftAt(t), p.RotatesAt)
	if missing := o.missingSince(t); !missing.IsZero() {
		p.Again = earliest(p.Again, missing.Add(t.ListLag))
	}
	if o.RetiresAt.After(now) {
		p.Again = earliest(p.Again, o.RetiresAt)
	}
	return p
}
