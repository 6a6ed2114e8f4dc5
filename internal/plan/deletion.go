// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import "time"

// deletion revokes every key with the marker, and releases the resource when a list that counts shows none. A resource that
// Kubernetes deleted in spite of its finalizer goes the same way, with only this process to remember it.
func deletion(o Observed, now time.Time, t Timing) Plan {
	p := Plan{Do: Wait, State: Revoking, HasKey: o.recorded(), IntentPending: o.intentPending()}
	resolved := o.resolvedAt(now, t)
	switch {
	case !o.HasFinalizer && !o.Deleted:
		p.Why = "the operator has released the resource"
		return p
	case o.Retain:
		p.Do, p.Why = Retain, "deletionPolicy is Retain"
		return p
	// mutation: list-for-unpermitted
	case o.neverServed():
		p.Do, p.Why = Finalize, "no key was ever issued for the resource, which may not use the connection"
		return p
	case now.Before(resolved):
		p.Why, p.RequeueAt = "the pending attempt has not ended", resolved
		return p
	case o.Listing == nil:
		p.Do, p.Why = List, "no list shows which keys to revoke"
		return p
	}
	if keys := o.revocable(); len(keys) > 0 {
		p.Do, p.Why, p.Revoke = Revoke, "the resource is being deleted", keys
		return p
	}
	// The latest attempt may have made a key just before its request ended, and an earlier list may not show it yet.
	// mutation: release-on-early-list
	if counts := latest(resolved, o.emptyListCounts(now, t)); o.Listing.At.Before(counts) {
		p.Do, p.Why, p.RequeueAt = List, "an earlier list need not show the key of the latest attempt", counts
		return p
	}
	p.Do, p.Why = Finalize, "a list shows no key of the resource"
	p.DeleteSecret = o.Secret.State == SecretOurs && !o.retained()
	return p
}

// revocable returns the keys that a deletion revokes.
func (o Observed) revocable() []Key {
	if o.retained() {
		return o.unrecorded()
	}
	return o.owned()
}

// retained reports whether the Secret of a deleted resource was left behind on purpose: it has no owner reference that would
// have Kubernetes delete it, so that workloads may go on to use its key.
func (o Observed) retained() bool {
	return o.Deleted && o.Secret.State == SecretOurs && !o.Secret.Bound
}
