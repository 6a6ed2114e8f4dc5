// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

func TestFirstIssue(t *testing.T) {
	check(t, []scenario{
		{
			"A new resource gets its key without a list: nothing can exist in Cognigy before the finalizer.",
			fresh(), "Issue Issuing",
		},
		{
			"A finalizer without a key may come from an issuance that crashed: Cognigy is asked first.",
			fresh(protected), "Look Issuing",
		},
		{
			"The list shows nothing of ours, so that a key may be made.",
			fresh(protected, looked()), "Issue Issuing",
		},
		{
			"A Secret that is not ours stays as it is, and no key is made that it could not take.",
			fresh(foreign), "Wait SecretNotOwned again:15s",
		},
		{
			"The same is true of a resource that had a key; an open intent is not forgotten over it.",
			fresh(protected, foreign, intent(-time.Hour), looked(key("k1", -time.Hour))), "Wait SecretNotOwned open again:15s",
		},
		{
			"A suspended resource is left alone; its resumption is an event.",
			fresh(suspended), "Wait Suspended",
		},
		{
			"Suspension stops everything: healing, rotating, and revoking what was lost or replaced.",
			delivered(suspended, broken, intent(-time.Hour), looked(key("k1", -time.Hour), key("k2", 0))), "Wait Suspended open",
		},
		{
			"A suspended resource still reports the key that it has.",
			delivered(suspended), "Wait Suspended key",
		},
		{
			"Suspension goes before a foreign Secret: it is what the user asked for.",
			fresh(suspended, foreign), "Wait Suspended",
		},
		{
			"An Endpoint that Cognigy does not know is asked for again later, in case it is restored.",
			fresh(protected, live, func(o *plan.Observed) { o.EndpointGone = true }), "Wait EndpointNotFound again:1m0s",
		},
		{
			"That it was gone when it was asked last does not mean that it is.",
			fresh(protected, func(o *plan.Observed) { o.EndpointGone = true }), "Look EndpointNotFound",
		},
		{
			"Cognigy's answer without its list is no proof that nothing exists.",
			fresh(protected, live), "Wait Issuing again:1s",
		},
	})
}

// A short drift interval, as in tests, holds for Endpoints that are gone as well.
func TestEndpointNotFoundSoon(t *testing.T) {
	soon := timing
	soon.DriftInterval = time.Second
	gone := fresh(protected, live, func(o *plan.Observed) { o.EndpointGone = true })
	if got, want := summary(plan.Next(gone, start, soon)), "Wait EndpointNotFound again:1s"; got != want {
		t.Errorf("planned %q, want %q", got, want)
	}
}

func TestHealing(t *testing.T) {
	elsewhere := func(o *plan.Observed) { o.Secret.EndpointID = "another" }
	check(t, []scenario{
		{
			"A deleted Secret is noticed without waiting for the drift interval.",
			delivered(absent), "Look Issuing",
		},
		{
			"The plaintext of a deleted Secret is lost, so that a new key is made; the old one is revoked after that.",
			delivered(absent, looked(key("k1", -time.Hour))), "Issue Issuing",
		},
		{
			"An emptied or altered Secret holds no key that can be vouched for.",
			delivered(broken), "Look Issuing",
		},
		{
			"An altered Secret gets a new key.",
			delivered(broken, looked(key("k1", -time.Hour))), "Issue Issuing",
		},
		{
			"A key for another Endpoint opens nothing here.",
			delivered(elsewhere, looked(key("k1", -time.Hour))), "Issue Issuing",
		},
		{
			"A preview that does not fit means that the value is another key's than the record says.",
			delivered(looked(plan.Key{ID: "k1", Name: plan.KeyName("My key", marker), Preview: "0000••••••••0000"})), "Issue Issuing",
		},
		{
			"The beginning alone must fit as well.",
			delivered(looked(plan.Key{ID: "k1", Name: plan.KeyName("My key", marker), Preview: "0000••••••••7c2e"})), "Issue Issuing",
		},
		{
			"And so must the end.",
			delivered(looked(plan.Key{ID: "k1", Name: plan.KeyName("My key", marker), Preview: "8a4f••••••••0000"})), "Issue Issuing",
		},
		{
			"Should Cognigy come to show more characters, those that are known are compared.",
			delivered(looked(plan.Key{ID: "k1", Name: plan.KeyName("My key", marker), Preview: "8a4f12••••997c2e"})), "Wait Delivered key again:10m0s",
		},
		{
			"With more characters, too, another key's are told.",
			delivered(looked(plan.Key{ID: "k1", Name: plan.KeyName("My key", marker), Preview: "8a4f12••••990000"})), "Issue Issuing",
		},
		{
			"A preview without a mask proves nothing, so that a change of Cognigy's format does not replace every key.",
			delivered(looked(plan.Key{ID: "k1", Name: plan.KeyName("My key", marker), Preview: "hidden"})), "Wait Delivered key again:10m0s",
		},
		{
			"A preview that shows the end alone is compared with the end alone.",
			delivered(looked(plan.Key{ID: "k1", Name: plan.KeyName("My key", marker), Preview: "••••7c2e"})), "Wait Delivered key again:10m0s",
		},
		{
			"A value that is too short to have its ends compared is taken at its word.",
			delivered(looked(plan.Key{ID: "k1", Name: plan.KeyName("My key", marker), Preview: "0000••••0000"}), func(o *plan.Observed) {
				o.Secret.Head, o.Secret.Tail = "", ""
			}), "Wait Delivered key again:10m0s",
		},
		{
			"A key without our marker is somebody else's, whatever the record says: a new one is made, and that one is not touched.",
			delivered(looked(plan.Key{ID: "k1", Name: "Somebody else's", Preview: "8a4f••••••••7c2e"})), "Issue Issuing",
		},
		{
			"A record from a future that no clock explains would put off rotation and looks: it is not believed.",
			delivered(issued(shows+1), looked(key("k1", -time.Hour))), "Issue Issuing",
		},
		{
			"Clocks may differ.",
			delivered(issued(shows), looked(key("k1", -time.Hour))), "Wait Delivered key again:10m25s",
		},
		{
			"Where names are not kept, a key is not made again and again.",
			delivered(absent, looked(), func(o *plan.Observed) { o.MarkerLost = start.Add(-time.Minute) }), "Wait MarkerLost again:9m0s",
		},
		{
			"But when somebody asks for it.",
			delivered(absent, requested, looked(), func(o *plan.Observed) { o.MarkerLost = start.Add(-time.Minute) }), "Issue Issuing",
		},
		{
			"And now and then, in case they are by now.",
			delivered(absent, looked(), func(o *plan.Observed) { o.MarkerLost = start.Add(-10 * time.Minute) }), "Issue Issuing",
		},
		{
			"Wrong labels are put right without a new value.",
			delivered(func(o *plan.Observed) { o.Secret.Outdated = true }), "Repair Delivered key again:9m0s",
		},
		{
			"A Secret with nothing wrong is not written.",
			delivered(), "Wait Delivered key again:9m0s",
		},
	})
}

func TestFinalizerRemovedByHand(t *testing.T) {
	check(t, []scenario{
		{
			"A delivered key must not outlive its resource, so that the finalizer comes back before anything else.",
			delivered(unprotected), "Protect Issuing key",
		},
		{
			"An issuance that was begun may make a key any moment: waiting for it without the finalizer would leave a gap.",
			fresh(intent(-time.Second)), "Protect Issuing open",
		},
		{
			"The status alone is enough to know that a key was made.",
			fresh(func(o *plan.Observed) { o.LastIssued = start.Add(-time.Hour) }), "Protect Issuing",
		},
		{
			"An altered Secret of ours is enough to know that a key was made.",
			delivered(unprotected, broken, func(o *plan.Observed) { o.LastIssued = time.Time{} }), "Protect Issuing",
		},
	})
}

func TestMintBudget(t *testing.T) {
	mints := func(ago ...time.Duration) change {
		return func(o *plan.Observed) {
			for _, at := range ago {
				o.Issues = append(o.Issues, start.Add(-at))
			}
		}
	}
	const m = time.Minute
	check(t, []scenario{
		{
			"Four keys in ten minutes leave room for a fifth.",
			fresh(protected, looked(), mints(9*m, 8*m, 7*m, 6*m)), "Issue Issuing",
		},
		{
			"Five are the limit: whatever removes or rejects them would go on for ever. The oldest makes room.",
			fresh(protected, looked(), mints(9*m, 8*m, 7*m, 6*m, 5*m)), "Wait MintBudgetExhausted again:1m0s",
		},
		{
			"With six, two have to grow old.",
			fresh(protected, looked(), mints(9*m, 8*m, 7*m, 6*m, 5*m, 4*m)), "Wait MintBudgetExhausted again:2m0s",
		},
		{
			"The window ends after exactly ten minutes, or the operator would wait for a time that has come.",
			fresh(protected, looked(), mints(10*m, 8*m, 7*m, 6*m, 5*m)), "Issue Issuing",
		},
		{
			"A nanosecond earlier it has not ended.",
			fresh(protected, looked(), mints(10*m-1, 8*m, 7*m, 6*m, 5*m)), "Wait MintBudgetExhausted again:1ns",
		},
		{
			"Old issues do not count.",
			fresh(protected, looked(), mints(60*m, 50*m, 40*m, 30*m, 20*m, 5*m)), "Issue Issuing",
		},
		{
			"The first issue of a resource that was replaced by one of the same name is bounded as well.",
			fresh(mints(9*m, 8*m, 7*m, 6*m, 5*m)), "Wait MintBudgetExhausted again:1m0s",
		},
		{
			"A rotation that has to wait does not hold up the revocation of the key before.",
			delivered(looked(key("k0", -2*time.Hour), key("k1", -time.Hour)), mints(9*m, 8*m, 7*m, 6*m, 4*m),
				rotation(plan.Rotation{NotBefore: start, Overlap: time.Hour + 30*time.Second})),
			"Wait MintBudgetExhausted key again:30s rotates:0s retires:k0:30s",
		},
	})
}
