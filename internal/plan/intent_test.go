// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

const (
	resolvedAfter = 35 * time.Second // after an intent: timing.RequestTimeout + timing.DeliveryTimeout + timing.ListLag
	shows         = 25 * time.Second // after an intent that was delivered: timing.RequestTimeout + timing.ListLag
)

func TestIntent(t *testing.T) {
	check(t, []scenario{
		{
			"A young intent may be somebody else's who is about to deliver: it is waited out, not cleaned up after.",
			created(finalizer, intent(-time.Second), freshList(key("k1", 0))), "wait, verifying pending requeue:34s",
		},
		{
			"So is one beside a key that works.",
			delivered(intent(-time.Second), freshList(key("k1", -time.Hour), key("k2", 0))), "wait, verifying key pending requeue:34s",
		},
		{
			"A nanosecond before its request has ended for sure, an intent is young.",
			created(finalizer, intent(-resolvedAfter+1), freshList(key("k1", 0))), "wait, verifying pending requeue:1ns",
		},
		{
			"Then Cognigy is asked what came of it.",
			created(finalizer, intent(-resolvedAfter)), "list, verifying pending",
		},
		{
			"Beside a key that works, too: what was lost must not work for ever.",
			delivered(intent(-resolvedAfter)), "list, verifying key pending",
		},
		{
			"What it made lost its plaintext, and is revoked before another key is made.",
			created(finalizer, intent(-resolvedAfter), freshList(key("k1", -resolvedAfter))), "revoke k1, verifying pending",
		},
		{
			"The key that an altered Secret names was delivered, and workloads may use it: it is replaced, not revoked like a lost one.",
			delivered(intent(-resolvedAfter), broken, freshList(key("k1", -time.Hour))), "issue, issuing names:k1",
		},
		{
			"Others beside it may be lost ones.",
			delivered(intent(-resolvedAfter), broken, freshList(key("k1", -time.Hour), key("k2", -resolvedAfter))), "revoke k2, verifying pending",
		},
		{
			"When a list shows nothing any more, a key is made.",
			created(finalizer, intent(-resolvedAfter), freshList()), "issue, issuing",
		},
		{
			"If it came to nothing beside a key that works, nothing is left to do, and the intent is dropped.",
			delivered(intent(-resolvedAfter), freshList(key("k1", -time.Hour))), "wait, delivered key requeue:10m0s",
		},
		{
			"A list from before the request ended for sure may be too early to show the key: it is asked for again.",
			delivered(intent(-resolvedAfter), freshly, listed(-time.Second, key("k1", -time.Hour))), "wait, verifying key pending requeue:1s",
		},
		{
			"Without a key the same list must not lead to another key beside the one that it does not show yet.",
			created(finalizer, intent(-resolvedAfter), freshly, listed(-time.Second)), "wait, verifying pending requeue:1s",
		},
		{
			"An intent is concluded by the Secret that was delivered on it, young as it may be.",
			delivered(intent(-time.Second), issued(-time.Second), listed(-time.Minute)), "wait, delivered key requeue:9m59s",
		},
		{
			"A Secret that was altered after its delivery concludes nothing.",
			delivered(intent(-time.Second), issued(-time.Second), broken), "wait, verifying pending requeue:34s",
		},
		{
			"A clock that is a little behind another operator's makes an intent lie in the future; it is young all the same.",
			created(finalizer, intent(timing.RequestTimeout), freshList()), "wait, verifying pending requeue:55s",
		},
		{
			"An intent from a future that no clock explains is not believed, or it would block for ever.",
			created(finalizer, intent(timing.RequestTimeout+1), freshList(key("k1", 0))), "issue, issuing names:k1",
		},
		{
			"The same at the very end of time.",
			created(finalizer, func(o *plan.Observed) { o.Intent = time.Unix(1<<40, 0) }, freshList()), "issue, issuing",
		},
	})
}

// The status records the deadline, since the connection's timeouts may have been longer when the attempt began.
func TestRecordedDeadline(t *testing.T) {
	deadline := func(began, until time.Duration) change {
		return func(o *plan.Observed) { o.Intent, o.Deadline = start.Add(began), start.Add(until) }
	}
	check(t, []scenario{
		{
			"An attempt that was given longer than the connection gives now is waited out.",
			created(finalizer, deadline(-resolvedAfter, time.Minute), freshList(key("k1", 0))), "wait, verifying pending requeue:1m5s",
		},
		{
			"A shorter deadline may be forged: the attempt gets the connection's time all the same.",
			created(finalizer, deadline(-time.Second, 0), freshList(key("k1", 0))), "wait, verifying pending requeue:34s",
		},
		{
			"No connection gives ten minutes: a later deadline is forged, and would block for ever.",
			created(finalizer, deadline(-time.Minute, 1000*time.Hour), freshList(key("k1", 0))), "wait, verifying pending requeue:9m5s",
		},
		{
			"Nor does a forged deadline block a deletion.",
			delivered(deleting, absent, deadline(-11*time.Minute, 1000*time.Hour), freshList()), "finalize, revoking pending",
		},
	})
}

func TestLostAndReplacedKeys(t *testing.T) {
	both := freshList(key("k0", -2*time.Hour), key("k1", -time.Hour))
	lost := freshList(key("k1", -time.Hour), key("k2", -time.Minute))
	own := func(outcome plan.Outcome) change {
		return func(o *plan.Observed) {
			o.Attempts = []plan.Attempt{{StartedAt: start.Add(-time.Minute), EndedAt: start.Add(-time.Minute), Outcome: outcome}}
		}
	}
	changed := func(o *plan.Observed) { o.Secret.Version = "8" }
	reported := func(id string) change { return func(o *plan.Observed) { o.Reported.KeyID = id } }
	check(t, []scenario{
		{
			"The key of the pending attempt never arrived if the Secret is as it was before: it goes at once, whatever the overlap.",
			delivered(overlap(time.Hour), intent(-time.Minute), lost), "revoke k2, retiring key pending requeue:10m0s",
		},
		{
			"If the Secret changed since, nobody can tell. The record names the key first, so that a late delivery fails.",
			delivered(overlap(time.Hour), intent(-time.Minute), changed, lost), "record, delivered key requeue:10m0s names:k2",
		},
		{
			"So it is with a key of which no intent tells: somebody wiped it, or put an earlier record back.",
			delivered(overlap(time.Hour), lost), "record, delivered key requeue:10m0s names:k2",
		},
		{
			"The process that made the key knows that it did not deliver it.",
			delivered(own(plan.OutcomeUndelivered), lost), "revoke k2, retiring key requeue:10m0s",
		},
		{
			"A refusal is no proof that there is no key. What a list shows after it goes.",
			delivered(own(plan.OutcomeRefused), lost), "revoke k2, retiring key requeue:10m0s",
		},
		{
			"Nothing is done on account of a list of an earlier pass.",
			delivered(own(plan.OutcomeRefused), listed(-time.Minute, key("k1", -time.Hour), key("k2", -time.Minute))),
			"list k2, retiring key requeue:9m0s",
		},
		{
			"A replaced key works until its own overlap is over.",
			delivered(overlap(2*time.Hour), replaced("k0", -time.Hour), both), "wait, delivered key requeue:10m0s retires:k0:-1h0m0s",
		},
		{
			"The end of the overlap is waited for, not the next look for drift.",
			delivered(overlap(time.Hour+time.Minute), replaced("k0", -time.Hour), both), "wait, delivered key requeue:1m0s retires:k0:-1h0m0s",
		},
		{
			"A nanosecond before the end it still works.",
			delivered(overlap(time.Hour+1), replaced("k0", -time.Hour), both), "wait, delivered key requeue:1ns retires:k0:-1h0m0s",
		},
		{
			"At the end it goes.",
			delivered(overlap(time.Hour), replaced("k0", -time.Hour), both), "revoke k0, retiring key requeue:10m0s retires:k0:-1h0m0s",
		},
		{
			"Of several, each has its own end.",
			delivered(overlap(time.Hour), replaced("k0", -time.Hour), replaced("k2", -time.Minute),
				freshList(key("k0", -3*time.Hour), key("k2", -2*time.Hour), key("k1", -time.Hour))),
			"revoke k0, retiring key requeue:10m0s retires:k0:-1h0m0s retires:k2:-1m0s",
		},
		{
			"A later time in the status counts: a record may be an earlier one.",
			delivered(overlap(time.Hour), replaced("k0", -time.Hour), announced(-time.Minute), both),
			"wait, delivered key requeue:10m0s retires:k0:-1m0s",
		},
		{
			"A time in the future is forged: the key retires from now on.",
			delivered(overlap(time.Hour), replaced("k0", time.Hour), both), "record, delivered key requeue:10m0s names:k0 retires:k0:0s",
		},
		{
			"A record that says of the key which the status names that it was replaced is not the latest one: the key retires from now on.",
			delivered(overlap(time.Hour), replaced("k0", -2*time.Hour), reported("k0"), both),
			"record, delivered key requeue:10m0s names:k0 retires:k0:-2h0m0s",
		},
		{
			"A record that does not know the key which the status names is none, either.",
			delivered(overlap(time.Hour), reported("k2"), lost), "record, delivered key requeue:10m0s names:k2",
		},
		{
			"Cognigy is asked at once.",
			delivered(unlisted, reported("k2")), "list, delivered key requeue:0s",
		},
		{
			"Where a key is replaced and in doubt, the status keeps the time.",
			delivered(overlap(time.Hour), absent, announced(-time.Minute), both),
			"issue, issuing names:k0 since:-1m0s names:k1 retires:k0:-1m0s",
		},
		{
			"Keys without our marker are not looked at, old or new.",
			delivered(freshList(plan.Key{ID: "x", Name: "x"}, key("k1", -time.Hour), plan.Key{ID: "y", Name: marker})),
			"wait, delivered key requeue:10m0s",
		},
		{
			"Revoking comes before rotating, so that keys do not pile up.",
			delivered(rotation(plan.Rotation{NotBefore: start}), replaced("k0", -time.Hour), both),
			"revoke k0, retiring key requeue:0s rotates:0s retires:k0:-1h0m0s",
		},
	})
}

// Names of keys can be forged: of more than ten, the oldest ones go early.
func TestTooManyKeys(t *testing.T) {
	o := delivered(overlap(time.Hour), freshList(key("k1", -time.Hour)))
	for i := range 12 {
		id := fmt.Sprintf("r%02d", i)
		o.Listing.Keys = append(o.Listing.Keys, key(id, -time.Duration(i)*time.Minute))
		replaced(id, -time.Duration(i)*time.Minute)(&o)
	}
	p := plan.Next(o, start, timing)
	if p.Do != plan.Revoke || len(p.Revoke) != 2 || p.Revoke[0].ID != "r10" || p.Revoke[1].ID != "r11" {
		t.Errorf("planned %s", summary(p))
	}
}
