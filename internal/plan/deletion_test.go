// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

func TestDeletion(t *testing.T) {
	check(t, []scenario{
		{
			"Which keys there are is asked first.",
			delivered(deleting), "Look k1 Revoking key",
		},
		{
			"Every key with the marker goes: the current, the replaced and the lost, and no other.",
			delivered(deleting, looked(key("k0", -2*time.Hour), key("k1", -time.Hour), key("k2", 0), plan.Key{ID: "x", Name: marker})),
			"Revoke k0 k1 k2 Revoking key",
		},
		{
			"An overlap that is not over keeps no key alive.",
			delivered(deleting, rotation(plan.Rotation{Overlap: time.Hour * 24}), looked(key("k0", -2*time.Hour))), "Revoke k0 Revoking key",
		},
		{
			"The Secret goes when no key is left, not earlier: it tells when the last was issued.",
			delivered(deleting, looked()), "Release Revoking key",
		},
		{
			"The Secret of ours goes even if somebody altered it.",
			delivered(deleting, broken, looked()), "Release Revoking",
		},
		{
			"Then the resource is let go.",
			delivered(deleting, absent, looked()), "Release Revoking",
		},
		{
			"A list of an earlier pass is not enough for that.",
			delivered(deleting, absent, listed(-time.Second)), "Look Revoking",
		},
		{
			"A Secret that is not ours stays.",
			delivered(deleting, foreign, looked()), "Release Revoking",
		},
		{
			"A foreign Secret does not keep our keys alive.",
			delivered(deleting, foreign, looked(key("k1", 0))), "Revoke k1 Revoking",
		},
		{
			"A suspended resource can be deleted.",
			delivered(deleting, suspended, looked(key("k1", 0))), "Revoke k1 Revoking key",
		},
		{
			"Without our finalizer the resource is not ours to hold, or it waits for somebody else's.",
			delivered(deleting, unprotected, looked(key("k1", 0))), "Wait Revoking key",
		},
	})
}

// What was begun last may show late: as late as its request times out, and then as late as lists lag.
func TestDeletionSoonAfterAnIssue(t *testing.T) {
	last := func(at time.Duration) change {
		return func(o *plan.Observed) { o.LastIssued = start.Add(at) }
	}
	started := func(at time.Duration) change {
		return func(o *plan.Observed) { o.LastIssued, o.WatchedSince = time.Time{}, start.Add(at) }
	}
	ended := func(at time.Duration) change {
		return func(o *plan.Observed) { o.LastEnded = start.Add(at) }
	}
	check(t, []scenario{
		{
			"A young intent is waited out: its key may be made any moment.",
			delivered(deleting, intent(-time.Second), looked()), "Wait Revoking key open again:34s",
		},
		{
			"Until then nothing is revoked either: the key may be about to be delivered.",
			delivered(deleting, intent(-time.Second), looked(key("k1", -time.Hour), key("k2", 0))), "Wait Revoking key open again:34s",
		},
		{
			"A settled intent is not in the way.",
			delivered(deleting, intent(-settles), looked()), "Release Revoking key open",
		},
		{
			"A list that is older than that proves nothing, even if the intent has settled since.",
			delivered(deleting, absent, intent(-settles), live, listed(-time.Second)), "Wait Revoking open again:1s",
		},
		{
			"An intent from a future that no clock explains is not waited for.",
			delivered(deleting, absent, intent(time.Hour), looked()), "Release Revoking open",
		},
		{
			"A concluded intent is not waited out: the list shows its key.",
			delivered(deleting, intent(-time.Second), issued(-time.Second), looked(key("k1", 0))), "Revoke k1 Revoking key",
		},
		{
			"A list that does not show a key which was issued just now may lag.",
			delivered(deleting, issued(-time.Second), looked()), "Wait Revoking key again:24s",
		},
		{
			"The key of a slow request may have been made at the end of it, and the list lag from there.",
			delivered(deleting, issued(-shows+1), looked()), "Wait Revoking key again:1ns",
		},
		{
			"Where it is known when the request ended, it need not be waited for.",
			delivered(deleting, issued(-10*time.Second), ended(-timing.ListLag), looked()), "Release Revoking key",
		},
		{
			"The lag of the list counts from that end.",
			delivered(deleting, issued(-time.Minute), ended(-timing.ListLag+1), looked()), "Wait Revoking key again:1ns",
		},
		{
			"After that an empty list is to be trusted.",
			delivered(deleting, issued(-shows), looked()), "Release Revoking key",
		},
		{
			"When the wait is over, another list is needed.",
			delivered(deleting, issued(-shows), listed(-time.Second)), "Look Revoking key again:0s",
		},
		{
			"Even where something tells of an older one: the word of a later one may have been wiped off the status.",
			delivered(deleting, func(o *plan.Observed) { o.WatchedSince = start.Add(-time.Second) }, looked()), "Wait Revoking key again:24s",
		},
		{
			"Where nothing tells of an issuance, an earlier process may have begun one until this one worked.",
			delivered(deleting, absent, started(-time.Second), looked()), "Wait Revoking again:24s",
		},
		{
			"After that, that nothing tells of one means that there is none.",
			delivered(deleting, absent, started(-shows), looked()), "Release Revoking",
		},
		{
			"Where the Secret is gone, anything else that tells of the last issue counts.",
			delivered(deleting, absent, last(-time.Second), looked()), "Wait Revoking again:24s",
		},
	})
}

func TestDeletionOfWhatIsGone(t *testing.T) {
	gone := func(o *plan.Observed) { looked()(o); o.EndpointGone = true }
	check(t, []scenario{
		{
			"Cognigy's own word that the Endpoint is gone means that its keys are.",
			delivered(deleting, gone), "Release Revoking key",
		},
		{
			"Then the resource is let go, whatever an old list shows.",
			delivered(deleting, gone, absent), "Release Revoking",
		},
		{
			"A Secret that is not ours stays.",
			delivered(deleting, gone, foreign), "Release Revoking",
		},
		{
			"That it was gone when it was asked last is not enough.",
			delivered(deleting, func(o *plan.Observed) { o.EndpointGone = true }, listed(-time.Second)), "Look Revoking key",
		},
		{
			"An Endpoint that is new may not be known everywhere yet: its absence is trusted no sooner than an empty list.",
			delivered(deleting, gone, issued(-time.Second)), "Wait Revoking key again:24s",
		},
		{
			"A request that is under way is waited for all the same.",
			delivered(deleting, gone, intent(0)), "Wait Revoking key open again:35s",
		},
	})
}

func TestRetain(t *testing.T) {
	retain := func(o *plan.Observed) { o.Deleting, o.Retain = true, true }
	bound := func(o *plan.Observed) { o.Retain, o.Secret.Bound = true, true }
	check(t, []scenario{
		{
			"Key and Secret stay, and Cognigy is not asked.",
			delivered(retain), "Retain Revoking key",
		},
		{
			"It is the escape hatch: no young intent holds it up.",
			delivered(retain, intent(0), unlisted), "Retain Revoking key open",
		},
		{
			"Nor a Secret that is not ours.",
			delivered(retain, foreign), "Retain Revoking",
		},
		{
			"Nor a suspension.",
			delivered(retain, suspended, absent), "Retain Revoking",
		},
		{
			"Without the finalizer nothing is left to let go of.",
			delivered(retain, unprotected), "Wait Revoking key",
		},
		{
			"Before that, the Secret is detached at once: the garbage collector does not wait, and Cognigy may be down.",
			delivered(bound, requested), "Repair Delivered key again:9m0s",
		},
		{
			"While the resource is suspended, too.",
			delivered(bound, suspended), "Repair Suspended key",
		},
		{
			"Even if its value is of no use.",
			delivered(bound, broken, unlisted), "Repair Issuing",
		},
		{
			"Who may be about to deliver is not disturbed.",
			delivered(bound, intent(-time.Second)), "Wait Verifying key open again:34s",
		},
	})
}
