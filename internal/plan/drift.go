// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"time"
)

// listDue says why the operator has to list the keys, "" if it does not, and the earliest request time of a list that will do:
// the zero time stands for now. A drift check may use a list that was requested for another resource of the Endpoint.
func (o Observed) listDue(now time.Time, t Timing) (why string, notBefore time.Time) {
	missing, drift := o.missingSince(t), o.driftCheckAt(now, t)
	switch {
	case !o.recorded():
		return "the Secret records no key for this Endpoint", time.Time{}
	case o.Secret.FormerUID != "":
		return "the Secret is from an earlier life of the resource", time.Time{}
	case o.putBack(now, t) && o.listDecides(now, t):
		return "the status names another key than the record", time.Time{}
	case o.Requested:
		return "a user requests it", time.Time{}
	case !missing.IsZero() && !now.Before(missing.Add(t.ListLag)):
		return "a list did not show the Secret's key", time.Time{}
	case o.overlapEnded(now, t):
		return "an overlap has ended", time.Time{}
	case !now.Before(drift):
		return "a drift check is due", drift
	default:
		return "", time.Time{}
	}
}

// listDecides reports whether a list may tell now what the newest one does not: whether the key that the status names is gone.
func (o Observed) listDecides(now time.Time, t Timing) bool {
	return o.Listing == nil || !o.Listing.Shows(o.Reported.KeyID) && !now.Before(o.reportedShown(now, t))
}

// overlapEnded reports whether an overlap has ended since the newest list.
func (o Observed) overlapEnded(now time.Time, t Timing) bool {
	due := func(at time.Time) bool { return o.listedAt().Before(at) && !now.Before(at) }
	return slices.ContainsFunc(o.working(now, t), func(replaced RetiringKey) bool {
		return slices.ContainsFunc(o.listedFor(replaced, t), due)
	})
}

// driftCheckAt is when the next drift check is due.
func (o Observed) driftCheckAt(now time.Time, t Timing) time.Time {
	return latest(o.listedAt(), t.believable(o.Secret.IssuedAt, now), o.LeaderSince).Add(t.DriftInterval)
}

// hasKey reports whether the Secret holds a key that works, as far as the operator can know. A key counts as revoked only
// when two lists that should show it, a lag apart, do not.
func (o Observed) hasKey(t Timing) bool {
	if !o.recorded() {
		return false
	}
	if key, listed := o.current(); listed {
		return o.owns(key) && o.Secret.matches(key.Preview)
	}
	missing := o.missingSince(t)
	return missing.IsZero() ||
		// mutation: one-list-proves-revocation
		o.Listing.At.Before(missing.Add(t.ListLag))
}

// Spread varies an interval by up to a tenth either way, by a share that follows from a name, so that what starts together
// does not stay in step.
func Spread(interval time.Duration, name string) time.Duration {
	return interval + time.Duration((share(name)-0.5)*float64(interval)/5)
}

// share maps a text evenly to [0, 1).
func share(text string) float64 {
	sum := sha256.Sum256([]byte(text)) // weaker hashes map consecutive ids close together
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / math.Exp2(53)
}
