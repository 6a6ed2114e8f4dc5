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
			created(), "issue, issuing",
		},
		{
			"A finalizer without a key may come from an issuance that crashed: Cognigy is asked first.",
			created(finalizer), "list, issuing",
		},
		{
			"The list shows nothing of ours, so that a key may be made.",
			created(finalizer, freshList()), "issue, issuing",
		},
		{
			"A Secret that is not ours stays as it is, and no key is made that it could not take.",
			created(foreign), "wait, secret not owned requeue:15s",
		},
		{
			"The same is true of a resource that had a key; an open intent is not forgotten over it.",
			created(finalizer, foreign, intent(-time.Hour), freshList(key("k1", -time.Hour))), "wait, secret not owned pending requeue:15s",
		},
		{
			"A suspended resource is left alone; its resumption is an event.",
			created(suspended), "wait, suspended",
		},
		{
			"Suspension stops everything: healing, rotating, and revoking what was lost or replaced.",
			delivered(suspended, broken, intent(-time.Hour), freshList(key("k1", -time.Hour), key("k2", 0))), "wait, suspended pending",
		},
		{
			"A suspended resource still reports the key that it has.",
			delivered(suspended), "wait, suspended key",
		},
		{
			"Suspension goes before a foreign Secret: it is what the user asked for.",
			created(suspended, foreign), "wait, suspended",
		},
		{
			"An Endpoint that Cognigy does not know is asked for again later, in case it is restored.",
			created(finalizer, freshList(), endpointGone), "wait, endpoint not found requeue:1m0s",
		},
		{
			"An earlier answer that the Endpoint is gone does not prove that it still is.",
			created(finalizer, listed(-time.Minute), endpointGone), "list, endpoint not found",
		},
		{
			"Cognigy's answer without its list is no proof that nothing exists.",
			created(finalizer, freshly), "wait, issuing requeue:1s",
		},
	})
}

// A short drift interval, as in tests, holds for Endpoints that are gone as well.
func TestEndpointNotFoundSoon(t *testing.T) {
	soon := timing
	soon.DriftInterval = time.Second
	gone := created(finalizer, freshList(), endpointGone)
	if got, want := summary(plan.Next(gone, start, soon)), "wait, endpoint not found requeue:1s"; got != want {
		t.Errorf("planned %q, want %q", got, want)
	}
}

func renamed(at time.Duration) change {
	return func(o *plan.Observed) {
		o.Attempts = []plan.Attempt{{StartedAt: start.Add(at), EndedAt: start.Add(at), Outcome: plan.OutcomeRenamed}}
	}
}

func TestHealing(t *testing.T) {
	elsewhere := func(o *plan.Observed) { o.Secret.EndpointID = "another" }
	check(t, []scenario{
		{
			"A deleted Secret is noticed without waiting for the drift interval.",
			delivered(absent), "list, issuing",
		},
		{
			"The plaintext of a deleted Secret is lost, so that a new key is made; the old one is revoked after that.",
			delivered(absent, freshList(key("k1", -time.Hour))), "issue, issuing names:k1",
		},
		{
			"An emptied or altered Secret holds no key that can be vouched for.",
			delivered(broken), "list, issuing",
		},
		{
			"An altered Secret gets a new key.",
			delivered(broken, freshList(key("k1", -time.Hour))), "issue, issuing names:k1",
		},
		{
			"A key for another Endpoint opens nothing here.",
			delivered(elsewhere, freshList(key("k1", -time.Hour))), "issue, issuing names:k1",
		},
		{
			"A preview that does not fit means that the value is another key's than the record says.",
			delivered(freshList(plan.Key{ID: "k1", Name: plan.KeyName("My key", start, marker), Preview: "0000••••••••0000"})), "issue, issuing names:k1",
		},
		{
			"The beginning alone must fit as well.",
			delivered(freshList(plan.Key{ID: "k1", Name: plan.KeyName("My key", start, marker), Preview: "0000••••••••7c2e"})), "issue, issuing names:k1",
		},
		{
			"And so must the end.",
			delivered(freshList(plan.Key{ID: "k1", Name: plan.KeyName("My key", start, marker), Preview: "8a4f••••••••0000"})), "issue, issuing names:k1",
		},
		{
			"Should Cognigy come to show more characters, those that are known are compared.",
			delivered(freshList(plan.Key{ID: "k1", Name: plan.KeyName("My key", start, marker), Preview: "8a4f12••••997c2e"})), "wait, delivered key requeue:10m0s",
		},
		{
			"With more characters, too, another key's are told.",
			delivered(freshList(plan.Key{ID: "k1", Name: plan.KeyName("My key", start, marker), Preview: "8a4f12••••990000"})), "issue, issuing names:k1",
		},
		{
			"A preview without a mask proves nothing, so that a change of Cognigy's format does not replace every key.",
			delivered(freshList(plan.Key{ID: "k1", Name: plan.KeyName("My key", start, marker), Preview: "hidden"})), "wait, delivered key requeue:10m0s",
		},
		{
			"A preview that shows the end alone is compared with the end alone.",
			delivered(freshList(plan.Key{ID: "k1", Name: plan.KeyName("My key", start, marker), Preview: "••••7c2e"})), "wait, delivered key requeue:10m0s",
		},
		{
			"A value that is too short to have its ends compared is taken at its word.",
			delivered(freshList(plan.Key{ID: "k1", Name: plan.KeyName("My key", start, marker), Preview: "0000••••0000"}), func(o *plan.Observed) {
				o.Secret.Head, o.Secret.Tail = "", ""
			}), "wait, delivered key requeue:10m0s",
		},
		{
			"A key without our marker has another owner, whatever the record says: a new one is made, and that one is not touched.",
			delivered(freshList(plan.Key{ID: "k1", Name: "Of another owner", Preview: "8a4f••••••••7c2e"})), "issue, issuing",
		},
		{
			"A record from a future that no clock explains would put off rotation and drift checks: it is not believed.",
			delivered(issued(shows+1), freshList()), "issue, issuing",
		},
		{
			"Unless a list shows its key: then it is this clock that was put back, and the key proves itself.",
			delivered(issued(24*time.Hour), freshList(key("k1", 24*time.Hour))), "wait, delivered key requeue:10m0s",
		},
		{
			"Clocks may differ.",
			delivered(issued(shows), freshList(key("k1", -time.Hour))), "wait, delivered key requeue:10m0s",
		},
		{
			"Where Cognigy changes names, the operator does not issue key after key.",
			delivered(absent, freshList(), renamed(-time.Minute)), "wait, key name changed requeue:9m0s",
		},
		{
			"Unless a user requests it.",
			delivered(absent, requested, freshList(), renamed(-time.Minute)), "issue, issuing",
		},
		{
			"After the window the operator tries again, in case they are kept by now.",
			delivered(absent, freshList(), renamed(-10*time.Minute)), "issue, issuing",
		},
		{
			"Wrong labels are put right without a new value.",
			delivered(func(o *plan.Observed) { o.Secret.Outdated = true }), "repair, delivered key requeue:9m0s",
		},
		{
			"A Secret with nothing wrong is not written.",
			delivered(), "wait, delivered key requeue:9m0s",
		},
	})
}

func TestFinalizerRemovedByHand(t *testing.T) {
	check(t, []scenario{
		{
			"A delivered key must not outlive its resource, so that the finalizer comes back before anything else.",
			delivered(noFinalizer), "add finalizer, issuing key",
		},
		{
			"An issuance that was begun may make a key any moment: waiting for it without the finalizer would leave a gap.",
			created(intent(-time.Second)), "add finalizer, issuing pending",
		},
		{
			"The status alone is enough to know that a key was made.",
			created(func(o *plan.Observed) { o.IssuedAt = start.Add(-time.Hour) }), "add finalizer, issuing",
		},
		{
			"An altered Secret of ours is enough to know that a key was made.",
			delivered(noFinalizer, broken, func(o *plan.Observed) { o.Secret.IssuedAt = time.Time{} }), "add finalizer, issuing",
		},
	})
}
