// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import "time"

// deletion revokes every key with the marker, and lets go of the resource when a list that can be trusted shows none.
func deletion(o Observed, now time.Time, t Timing) Plan {
	p := Plan{State: Revoking, HasKey: o.recorded(), Open: o.unconcluded()}
	settles := o.settlesAt(now, t)
	switch {
	case !o.Protected:
		return p
	case o.Retain:
		p.Do = Retain
		return p
	case now.Before(settles):
		p.Again = settles
		return p
	case o.Listing == nil:
		p.Do = Look
		return p
	}
	if owned := o.owned(); len(owned) > 0 {
		p.Do, p.Revoke = Revoke, owned
		return p
	}
	// What was begun last may have made a key just before it ended, and an earlier list may not show it yet.
	// mutation: release-on-early-list
	if trusted := latest(settles, o.lastShown(t)); o.Listing.At.Before(trusted) {
		p.Do, p.Again = Look, trusted
		return p
	}
	p.Do = Release
	return p
}

// lastShown is from when on a list shows the key of the latest issuance. One that another process began before this one worked
// may not be known of: whoever may write the status can wipe what tells of it. The request timeout bounds both, since no key is
// made after it; what the delivery timeout adds is for the Secret.
func (o Observed) lastShown(t Timing) time.Time {
	others := o.WatchedSince.Add(t.RequestTimeout + t.ListLag)
	if o.LastEnded.IsZero() {
		return latest(others, o.LastIssued.Add(t.RequestTimeout+t.ListLag))
	}
	return latest(others, o.LastEnded.Add(t.ListLag))
}
