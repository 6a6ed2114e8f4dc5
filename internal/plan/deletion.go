// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import "time"

// deletion revokes every key of the resource, and releases it when a list that counts shows none. A resource that Kubernetes
// deleted in spite of its finalizer goes the same way, with only this process to remember it.
func deletion(o Observed, now time.Time, t Timing) Plan {
	p := Plan{Do: Wait, State: Revoking, HasKey: o.recorded(), IntentPending: o.intentPending()}
	resolved := o.resolvedAt(now, t)
	switch {
	case !o.HasFinalizer && !o.Deleted:
		p.Why = "the operator has released the resource"
		return p
	// mutation: list-for-unpermitted
	case o.neverServed():
		p.Do, p.Why = Finalize, "no key was ever issued for the resource, which may not use the connection"
		return p
	case o.Secret.State == SecretNewer && !o.Retain:
		p.Why, p.State, p.RequeueAt = "the record is of a later version", NewerRecord, now.Add(foreignInterval)
		return p
	case now.Before(resolved):
		p.Why, p.RequeueAt = "the pending attempt has not ended", resolved
		return p
	case o.Retain:
		return retain(o, now, t, p)
	case o.Listing == nil:
		p.Do, p.Why = List, "no list shows which keys to revoke"
		return p
	}
	if keys := o.revocable(now, t); len(keys) > 0 {
		p.Do, p.Why, p.Revoke = Revoke, "the resource is being deleted", keys
		return p
	}
	// The latest attempt may have made a key just before its request ended, and an earlier list may not show it yet.
	// mutation: release-on-early-list
	if counts := o.emptyListCounts(now, t); o.Listing.At.Before(counts) {
		p.Do, p.Why, p.RequeueAt = List, "an earlier list need not show the key of the latest attempt", counts
		return p
	}
	p.Do, p.Why = Finalize, "a list shows no key of the resource"
	p.DeleteSecret = o.Secret.State == SecretOurs && !o.leftBehind()
	return p
}

// revocable returns the keys that a deletion revokes.
func (o Observed) revocable(now time.Time, t Timing) []Key {
	if o.leftBehind() {
		return o.unused(now, t)
	}
	return o.owned()
}

// leftBehind reports whether the Secret of a deleted resource was left behind on purpose: it has no owner reference that would
// have Kubernetes delete it, so that workloads may go on to use its key.
func (o Observed) leftBehind() bool {
	return o.Deleted && o.Secret.State == SecretOurs && !o.Secret.Bound
}
