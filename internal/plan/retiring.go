// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"slices"
	"time"
)

// MaxRetiring is how many replaced keys work at a time. With one more, the one that was replaced first goes before its overlap
// is over: names of keys can be forged, and a record must not grow with them.
const MaxRetiring = 10

// others is what becomes of the listed keys of the resource beside the Secret's.
type others struct {
	undelivered []Key         // no workload can have them
	retiring    []RetiringKey // they were replaced; the one that was replaced last is the first
	over        []Key         // those whose overlap is over, or that are too many
	unnamed     bool          // the record does not name every other one as it is
}

// others sorts the listed keys out. The record names every key that was delivered: the Secret's and the retiring ones. So a key
// that it does not name was never delivered, or the record is not the latest one, which nobody can tell. Unless it is certain,
// such a key retires like a replaced one.
func (o Observed) others(now time.Time, t Timing) others {
	var sorted others
	var retiring []retiree
	for _, key := range o.owned() {
		switch {
		case o.recorded() && key.ID == o.Secret.KeyID:
		case o.undelivered(key):
			sorted.undelivered = append(sorted.undelivered, key)
		default:
			retiring = append(retiring, o.retiree(key, now, t))
		}
	}
	slices.SortStableFunc(retiring, func(a, b retiree) int { return b.since(now, t).Compare(a.since(now, t)) })
	for i, found := range retiring {
		if i < MaxRetiring {
			sorted.retiring = append(sorted.retiring, found.RetiringKey)
		}
		// mutation: revoke-within-overlap
		if over := !found.ReplacedAt.IsZero() && !now.Before(o.RevokedAt(found.RetiringKey)); over || i >= MaxRetiring {
			sorted.over = append(sorted.over, found.key)
			continue
		}
		sorted.unnamed = sorted.unnamed || !found.named
	}
	return sorted
}

// retiree is a listed key that was replaced.
type retiree struct {
	RetiringKey

	key   Key
	named bool // the record names it as it is
}

// since orders replaced keys by age. A key that nothing tells of was made at the time in its name, which anyone may have forged: a
// time in the future counts for nothing.
func (r retiree) since(now time.Time, t Timing) time.Time {
	if !r.ReplacedAt.IsZero() {
		return r.ReplacedAt
	}
	made, _ := AttemptOf(r.key.Name)
	return t.believable(made, now)
}

// retiree says since when a key is replaced: according to the record and the status, of which the later counts, else from now on.
// The key that the status names is the latest one that it saw delivered: a record which says that this one was replaced was put back.
func (o Observed) retiree(key Key, now time.Time, t Timing) retiree {
	found := retiree{key: key, RetiringKey: RetiringKey{KeyID: key.ID, Preview: key.Preview, FormerUID: o.formerOf(key)}}
	if key.ID == o.Reported.KeyID && o.putBack(now, t) {
		return found
	}
	var record RetiringKey
	if o.recorded() {
		record = find(o.Secret.Retiring, key.ID)
	}
	reported := find(o.Reported.Retiring, key.ID)
	found.ReplacedAt = latest(t.believable(record.ReplacedAt, now), t.believable(reported.ReplacedAt, now))
	found.named = !t.believable(record.ReplacedAt, now).IsZero()
	return found
}

// believable returns a time, or zero if it lies in the future by more than clocks may differ.
func (t Timing) believable(at, now time.Time) time.Time {
	if at.After(now.Add(t.RequestTimeout)) {
		return time.Time{}
	}
	return at
}

// find returns what names a key, or nothing.
func find(retiring []RetiringKey, keyID string) RetiringKey {
	for _, found := range retiring {
		if found.KeyID == keyID {
			return found
		}
	}
	return RetiringKey{}
}

func isNamed(retiring []RetiringKey, keyID string) bool { return find(retiring, keyID).KeyID != "" }

// delivering reports whether the Secret's record is that of the intent in the status, so that it is the latest one.
func (o Observed) delivering() bool {
	return o.recorded() && !o.Intent.IsZero() && o.Secret.IssuedAt.Equal(o.Intent)
}

// undelivered reports whether no workload can have a key: this process knows that its attempt wrote nothing, or the attempt is
// the pending one, which is over, and the Secret is as it was before.
func (o Observed) undelivered(key Key) bool {
	made, ok := AttemptOf(key.Name)
	if !ok || o.names(key.ID) {
		return false
	}
	if own := o.ownAttempt(made); own.Outcome != OutcomeOpen {
		return own.undelivered()
	}
	// mutation: revoke-without-fence
	unchanged := o.IntentSecret == o.Secret.Version
	return unchanged && o.intentPending() && made.Equal(o.Intent)
}

// toRetire returns the keys that the record of a new key names as replaced.
func (o Observed) toRetire(now time.Time, t Timing) []RetiringKey {
	retire := o.retiring(o.others(now, t), now, t)
	if key, listed := o.current(); listed && o.recorded() && o.owns(key) {
		retire = slices.Concat([]RetiringKey{{KeyID: key.ID, Preview: key.Preview, FormerUID: o.formerOf(key)}}, retire)
	}
	return retire[:min(len(retire), MaxRetiring)]
}

// retiring returns the replaced keys that a record with the Secret's key names: also the key that the status names, if the list lags.
func (o Observed) retiring(sorted others, now time.Time, t Timing) []RetiringKey {
	retiring := sorted.retiring
	id := o.Reported.KeyID
	current := o.recorded() && id == o.Secret.KeyID
	if id != "" && !current && !o.Listing.Shows(id) && !o.reportedGone(now, t) {
		retiring = slices.Concat([]RetiringKey{{KeyID: id}}, retiring)
	}
	return retiring[:min(len(retiring), MaxRetiring)]
}

// working returns the replaced keys that work, as far as the record, the status and the newest list tell, in the order of their ids.
func (o Observed) working(now time.Time, t Timing) []RetiringKey {
	var working []RetiringKey
	ours := o.recorded() && o.Secret.FormerUID == "" // else the keys that the record names are not this resource's yet
	add := func(named []RetiringKey, reported bool) {
		for _, one := range named {
			one.ReplacedAt = t.believable(one.ReplacedAt, now)
			if ours && one.KeyID == o.Secret.KeyID || !o.mayWork(one, reported, now, t) {
				continue
			}
			if i := slices.IndexFunc(working, func(other RetiringKey) bool { return other.KeyID == one.KeyID }); i >= 0 {
				working[i].ReplacedAt = latest(working[i].ReplacedAt, one.ReplacedAt)
				continue
			}
			if one.ReplacedAt.IsZero() { // which is forged: the record is about to name it with the time of that
				one.ReplacedAt = now
			}
			working = append(working, one)
		}
	}
	add(o.Reported.Retiring, true)
	if ours {
		add(o.Secret.Retiring, false)
	}
	slices.SortFunc(working, func(a, b RetiringKey) int { return cmp.Compare(a.KeyID, b.KeyID) })
	return working
}

// mayWork reports whether a replaced key works. Without a list, it does until its overlap is over, and until the status is told that it
// was revoked. A list from before it was replaced need not show it.
func (o Observed) mayWork(replaced RetiringKey, reported bool, now time.Time, t Timing) bool {
	if o.Listing == nil {
		return reported || now.Before(o.RevokedAt(replaced))
	}
	key, shown := o.Listing.find(replaced.KeyID)
	return shown && o.owns(key) || !shown && o.Listing.At.Before(replaced.ReplacedAt.Add(t.ListLag))
}

// listedFor are the times from which lists tell more of a replaced key: when the operator revokes it, and when a list that does not show
// it proves that it is gone.
func (o Observed) listedFor(replaced RetiringKey, t Timing) []time.Time {
	ends := o.RevokedAt(replaced)
	return []time.Time{ends, latest(ends, replaced.ReplacedAt.Add(t.ListLag))}
}

// RevokedAt is when the operator revokes a replaced key.
func (o Observed) RevokedAt(replaced RetiringKey) time.Time {
	return replaced.ReplacedAt.Add(o.overlap())
}

// putBack reports whether the record may not be the latest one: the status names another delivered key, although neither this
// reconcile nor the pending attempt wrote the record. A list that proves that the other key is gone ends the doubt.
func (o Observed) putBack(now time.Time, t Timing) bool {
	// mutation: believe-record-put-back
	if o.Reported.KeyID == "" || o.Reported.KeyID == o.Secret.KeyID || o.Recorded || o.delivering() {
		return false
	}
	return !o.reportedGone(now, t)
}

// reportedGone reports whether a list proves that the key which the status names is gone, since it would show a key of that age; or that it
// never was the resource's.
func (o Observed) reportedGone(now time.Time, t Timing) bool {
	if o.Listing == nil {
		return false
	}
	if key, shown := o.Listing.find(o.Reported.KeyID); shown {
		return !o.owns(key)
	}
	return !o.Listing.At.Before(o.reportedShown(now, t))
}

// reportedShown is the earliest time from which a list shows the key that the status names.
func (o Observed) reportedShown(now time.Time, t Timing) time.Time {
	return t.listed(t.believable(o.IssuedAt, now))
}
