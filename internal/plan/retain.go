// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"time"
)

// retainPatience is how long Cognigy may keep a resource with deletionPolicy Retain from its release.
const retainPatience = time.Minute

// retain releases the resource with the Secret and its key. Keys that no workload can have or should use any more are revoked
// first, if Cognigy answers in time. The plan names those that work on: the next owner of the Secret revokes replaced keys when their
// overlap is over, and nobody the others.
func retain(o Observed, now time.Time, t Timing, p Plan) Plan {
	counts := o.emptyListCounts(now, t)
	listed := o.Listing != nil && !o.Listing.At.Before(counts)
	patience := latest(o.resolvedAt(now, t), o.DeletingSince).Add(retainPatience)
	overdue := !o.Deleted && !now.Before(patience)
	unused := o.unused(now, t)
	switch {
	case overdue, listed && len(unused) == 0:
		p.Do, p.Why = Retain, "deletionPolicy is Retain"
		p.Left, p.LeftUncertain = o.left(now, t), !listed
	case o.Fresh && len(unused) > 0:
		p.Do, p.Why, p.Revoke = Revoke, "no workload needs these keys, which nothing would revoke later", unused
		p.RequeueAt = patience
	default:
		p.Do, p.Why, p.RequeueAt = List, "replaced or undelivered keys may work", patience
		if counts.After(now) {
			p.RequeueAt = earliest(counts, patience)
		}
	}
	return p
}

// unused returns the owned keys that no workload needs: neither the one that the Secret names, even if the record was altered, nor
// those that the record names as replaced and that are within their overlap.
func (o Observed) unused(now time.Time, t Timing) []Key {
	return slices.DeleteFunc(o.owned(), func(key Key) bool {
		replaced := find(o.Secret.Retiring, key.ID)
		return o.holds(key.ID) || now.Before(o.RevokedAt(RetiringKey{ReplacedAt: t.believable(replaced.ReplacedAt, now)}))
	})
}

// left returns the keys beside the Secret's that work on when the resource is released, as far as the operator knows.
func (o Observed) left(now time.Time, t Timing) []RetiringKey {
	left := o.working(now, t)
	for _, key := range o.owned() {
		if !o.holds(key.ID) && !isNamed(left, key.ID) {
			left = append(left, RetiringKey{KeyID: key.ID, Preview: key.Preview})
		}
	}
	return left
}
