// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
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
			created(finalizer, intent(-resolvedAfter), freshList(key("k1", 0))), "revoke k1, verifying pending",
		},
		{
			"The key that an altered Secret names was delivered, and workloads may use it: it is replaced, not revoked like a lost one.",
			delivered(intent(-resolvedAfter), broken, freshList(key("k1", -time.Hour))), "issue, issuing",
		},
		{
			"Others beside it may be lost ones.",
			delivered(intent(-resolvedAfter), broken, freshList(key("k1", -time.Hour), key("k2", 0))), "revoke k2, verifying pending",
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
			created(finalizer, intent(timing.RequestTimeout+1), freshList(key("k1", 0))), "revoke k1, verifying pending",
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
	overlap := rotation(plan.Rotation{Overlap: 2 * time.Hour})
	check(t, []scenario{
		{
			"A key that is newer than the Secret's never arrived there: it goes at once, whatever the overlap.",
			delivered(overlap, freshList(key("k1", -time.Hour), key("k2", -time.Minute))), "revoke k2, retiring key requeue:10m0s",
		},
		{
			"Nothing is revoked on account of a list of an earlier pass.",
			delivered(listed(-time.Minute, key("k1", -time.Hour), key("k2", -time.Minute))), "list k2, retiring key requeue:9m0s",
		},
		{
			"While a lost key works, the intent that made it is kept: after a crash it has Cognigy asked at once.",
			delivered(intent(-time.Minute), freshList(key("k1", -time.Hour), key("k2", -time.Minute))), "revoke k2, retiring key pending requeue:10m0s",
		},
		{
			"So it is while a key works that may be a lost one of the same second.",
			delivered(intent(-time.Minute), freshList(key("k0", -time.Hour), key("k1", -time.Hour))), "revoke k0, retiring key pending requeue:10m0s",
		},
		{
			"Keys of one second cannot be put in order. A tie counts as older: revoking the other a little late is the safer mistake.",
			delivered(overlap, freshList(key("k0", -time.Hour), key("k1", -time.Hour))), "wait, delivered key requeue:10m0s retires:k0:1h0m0s",
		},
		{
			"An older key was replaced, and works on until the overlap is over.",
			delivered(overlap, freshList(key("k0", -2*time.Hour), key("k1", -time.Hour))), "wait, delivered key requeue:10m0s retires:k0:1h0m0s",
		},
		{
			"The end of the overlap is waited for, not the next look for drift.",
			delivered(rotation(plan.Rotation{Overlap: time.Hour + time.Minute}), freshList(key("k0", -2*time.Hour), key("k1", -time.Hour))),
			"wait, delivered key requeue:1m0s retires:k0:1m0s",
		},
		{
			"A nanosecond before the end it still works.",
			delivered(rotation(plan.Rotation{Overlap: time.Hour + 1}), freshList(key("k0", -2*time.Hour), key("k1", -time.Hour))),
			"wait, delivered key requeue:1ns retires:k0:1ns",
		},
		{
			"At the end it goes.",
			delivered(rotation(plan.Rotation{Overlap: time.Hour}), freshList(key("k0", -2*time.Hour), key("k1", -time.Hour))),
			"revoke k0, retiring key requeue:10m0s",
		},
		{
			"Without an overlap it goes at once.",
			delivered(issued(0), freshList(key("k0", -time.Hour), key("k1", 0))), "revoke k0, retiring key requeue:10m0s",
		},
		{
			"While the list does not show the Secret's key yet, nothing can be told to be newer.",
			delivered(overlap, issued(0), freshList(key("k0", -time.Hour))), "wait, delivered key requeue:10m0s retires:k0:2h0m0s",
		},
		{
			"Keys without our marker are not looked at, old or new.",
			delivered(freshList(plan.Key{ID: "x", Name: "x"}, key("k1", -time.Hour), plan.Key{ID: "y", Name: marker, CreatedAt: start})),
			"wait, delivered key requeue:10m0s",
		},
		{
			"Cognigy's clock only orders its own keys: a year off, it changes nothing.",
			delivered(overlap, freshList(key("k0", 8759*time.Hour), key("k1", 8760*time.Hour))), "wait, delivered key requeue:10m0s retires:k0:1h0m0s",
		},
		{
			"Revoking comes before rotating, so that keys do not pile up.",
			delivered(rotation(plan.Rotation{NotBefore: start}), freshList(key("k0", -2*time.Hour), key("k1", -time.Hour))),
			"revoke k0, retiring key requeue:0s rotates:0s",
		},
	})
}
