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
			delivered(deleting), "list k1, revoking key",
		},
		{
			"Every key with the marker goes: the current, the replaced and the lost, and no other.",
			delivered(deleting, freshList(key("k0", -2*time.Hour), key("k1", -time.Hour), key("k2", 0), plan.Key{ID: "x", Name: marker})),
			"revoke k0 k1 k2, revoking key",
		},
		{
			"An overlap that is not over keeps no key alive.",
			delivered(deleting, rotation(plan.Rotation{Overlap: time.Hour * 24}), freshList(key("k0", -2*time.Hour))), "revoke k0, revoking key",
		},
		{
			"The Secret goes when no key is left, not earlier: it tells when the last was issued.",
			delivered(deleting, freshList()), "finalize with its Secret, revoking key",
		},
		{
			"The Secret of ours goes even if it was altered.",
			delivered(deleting, broken, freshList()), "finalize with its Secret, revoking",
		},
		{
			"Then the resource is released.",
			delivered(deleting, absent, freshList()), "finalize, revoking",
		},
		{
			"A list of an earlier pass is not enough for that.",
			delivered(deleting, absent, listed(-time.Second)), "list, revoking",
		},
		{
			"A Secret that is not ours stays.",
			delivered(deleting, foreign, freshList()), "finalize, revoking",
		},
		{
			"A foreign Secret does not keep our keys alive.",
			delivered(deleting, foreign, freshList(key("k1", 0))), "revoke k1, revoking",
		},
		{
			"A resource that may not use the connection, and never could, goes without a request, whatever finalizers it has.",
			created(deleting, finalizer, unpermitted), "finalize, revoking",
		},
		{
			"An intent shows that it could.",
			created(deleting, finalizer, unpermitted, intent(-time.Hour)), "list, revoking pending",
		},
		{
			"So does what the status reports.",
			created(deleting, finalizer, unpermitted, served), "list, revoking",
		},
		{
			"So does a Secret of ours.",
			delivered(deleting, unpermitted, freshList(key("k1", 0))), "revoke k1, revoking key",
		},
		{
			"A suspended resource can be deleted.",
			delivered(deleting, suspended, freshList(key("k1", 0))), "revoke k1, revoking key",
		},
		{
			"Without our finalizer the resource is not ours to hold, or it waits for another finalizer.",
			delivered(deleting, noFinalizer, freshList(key("k1", 0))), "wait, revoking key",
		},
	})
}

// What was begun last may show late: as late as its request times out, and then as late as lists lag.
func TestDeletionSoonAfterAnIssue(t *testing.T) {
	last := func(at time.Duration) change {
		return func(o *plan.Observed) { o.IssuedAt = start.Add(at) }
	}
	deletingFor := func(long time.Duration) change {
		return func(o *plan.Observed) { o.DeletingSince = start.Add(-long) }
	}
	unsettled := func(until time.Duration) change {
		return func(o *plan.Observed) { o.Unsettled = start.Add(until) }
	}
	cleared := func(o *plan.Observed) { o.Reported, o.IssuedAt = plan.Reported{}, time.Time{} }
	ended := func(at time.Duration) change {
		return func(o *plan.Observed) {
			o.Attempts = []plan.Attempt{{StartedAt: o.Secret.IssuedAt, EndedAt: start.Add(at)}}
		}
	}
	check(t, []scenario{
		{
			"A young intent is waited out: its key may be made any moment.",
			delivered(deleting, intent(-time.Second), freshList()), "wait, revoking key pending requeue:34s",
		},
		{
			"Until then nothing is revoked either: the key may be about to be delivered.",
			delivered(deleting, intent(-time.Second), freshList(key("k1", -time.Hour), key("k2", 0))), "wait, revoking key pending requeue:34s",
		},
		{
			"A settled intent is not in the way.",
			delivered(deleting, intent(-resolvedAfter), freshList()), "finalize with its Secret, revoking key pending",
		},
		{
			"A list that is older than that proves nothing, even if the intent has settled since.",
			delivered(deleting, absent, intent(-resolvedAfter), freshly, listed(-time.Second)), "wait, revoking pending requeue:1s",
		},
		{
			"An intent from a future that no clock explains is not waited for.",
			delivered(deleting, absent, intent(time.Hour), freshList()), "finalize, revoking pending",
		},
		{
			"A concluded intent is not waited out: the list shows its key.",
			delivered(deleting, intent(-time.Second), issued(-time.Second), freshList(key("k1", 0))), "revoke k1, revoking key",
		},
		{
			"A list that does not show a key which was issued just now may lag.",
			delivered(deleting, issued(-time.Second), freshList()), "wait, revoking key requeue:24s",
		},
		{
			"The key of a slow request may have been made at the end of it, and the list lag from there.",
			delivered(deleting, issued(-shows+1), freshList()), "wait, revoking key requeue:1ns",
		},
		{
			"Where it is known when the request ended, it need not be waited for.",
			delivered(deleting, issued(-10*time.Second), ended(-timing.ListLag), freshList()), "finalize with its Secret, revoking key",
		},
		{
			"The lag of the list counts from that end.",
			delivered(deleting, issued(-time.Minute), ended(-timing.ListLag+1), freshList()), "wait, revoking key requeue:1ns",
		},
		{
			"After that an empty list is to be trusted.",
			delivered(deleting, issued(-shows), freshList()), "finalize with its Secret, revoking key",
		},
		{
			"When the wait is over, another list is needed.",
			delivered(deleting, issued(-shows), listed(-time.Second)), "list, revoking key requeue:0s",
		},
		{
			"Even where the record tells of an older one: the word of a later one may have been wiped off the status, up to the deletion.",
			delivered(deletingFor(time.Second), cleared, freshList()), "wait, revoking key requeue:34s",
		},
		{
			"Where nothing tells of an issuance, one may have begun just before the deletion.",
			created(finalizer, deletingFor(time.Second), freshList()), "wait, revoking requeue:34s",
		},
		{
			"After that, that nothing tells of one means that there is none.",
			created(finalizer, deletingFor(resolvedAfter), freshList()), "finalize, revoking",
		},
		{
			"Where record, status and process agree on the latest issuance, that one counts.",
			delivered(deletingFor(0), freshList()), "finalize with its Secret, revoking key",
		},
		{
			"A refused request may have its effect all the same.",
			delivered(deletingFor(0), unsettled(10*time.Second), freshList()), "wait, revoking key requeue:15s",
		},
		{
			"A time that no attempt lasts to is forged.",
			delivered(deletingFor(0), unsettled(time.Hour), freshList()), "finalize with its Secret, revoking key",
		},
		{
			"Where the Secret is gone, anything else that tells of the last issue counts.",
			delivered(deleting, absent, last(-time.Second), freshList()), "wait, revoking requeue:24s",
		},
	})
}

func TestDeletionOfWhatIsGone(t *testing.T) {
	gone := func(o *plan.Observed) { freshList()(o); endpointGone(o) }
	check(t, []scenario{
		{
			"Cognigy's own word that the Endpoint is gone means that its keys are.",
			delivered(deleting, gone), "finalize with its Secret, revoking key",
		},
		{
			"Then the resource is released, whatever an old list shows.",
			delivered(deleting, gone, absent), "finalize, revoking",
		},
		{
			"A Secret that is not ours stays.",
			delivered(deleting, gone, foreign), "finalize, revoking",
		},
		{
			"An earlier answer is not enough.",
			delivered(deleting, listed(-time.Second), endpointGone), "list, revoking key",
		},
		{
			"An Endpoint that is new may not be known everywhere yet: its absence is trusted no sooner than an empty list.",
			delivered(deleting, gone, issued(-time.Second)), "wait, revoking key requeue:24s",
		},
		{
			"A request that is under way is waited for all the same.",
			delivered(deleting, gone, intent(0)), "wait, revoking key pending requeue:35s",
		},
	})
}

func TestDeletedResource(t *testing.T) {
	gone := func(o *plan.Observed) { o.Deleted, o.HasFinalizer, o.Secret.Bound = true, false, true }
	left := func(o *plan.Observed) { gone(o); o.Secret.Bound = false }
	restored := func(o *plan.Observed) {
		o.Secret = plan.Secret{State: plan.SecretForeign, Version: "8"}
		o.Elsewhere = map[string]bool{"k1": true}
	}
	ended := func(at time.Duration) change {
		return func(o *plan.Observed) {
			o.Attempts = []plan.Attempt{{StartedAt: start.Add(at), EndedAt: start.Add(at), Outcome: plan.OutcomeDelivered}}
		}
	}
	check(t, []scenario{
		{
			"Nobody else revokes the keys of a resource that was deleted in spite of its finalizer.",
			delivered(gone, freshList(key("k0", -2*time.Hour), key("k1", -time.Hour))), "revoke k0 k1, revoking key",
		},
		{
			"Its Secret goes with them.",
			delivered(gone, freshList()), "finalize with its Secret, revoking key",
		},
		{
			"Like any deletion, it waits for a pending attempt.",
			delivered(gone, intent(-time.Second), freshList()), "wait, revoking key pending requeue:34s",
		},
		{
			"The end of this process's attempt says nothing of a later one of another process.",
			delivered(gone, issued(-time.Second), ended(-30*time.Second), freshList()), "wait, revoking key requeue:24s",
		},
		{
			"A Secret without owner reference was left behind on purpose: its key stays, and others go.",
			delivered(left, freshList(key("k0", -2*time.Hour), key("k1", -time.Hour))), "revoke k0, revoking key",
		},
		{
			"That Secret stays, too.",
			delivered(left, freshList(key("k1", -time.Hour))), "finalize, revoking key",
		},
		{
			"Keys that the Secret of another resource records were taken over by that one, which was restored in this one's place.",
			delivered(gone, restored, freshList(key("k0", -2*time.Hour), key("k1", -time.Hour))), "revoke k0, revoking",
		},
		{
			"They hold nothing up.",
			delivered(gone, restored, freshList(key("k1", -time.Hour))), "finalize, revoking",
		},
		{
			"With deletionPolicy Retain everything stays.",
			delivered(gone, func(o *plan.Observed) { o.Retain = true }), "retain, revoking key",
		},
	})
}
