// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

func TestFormerLife(t *testing.T) {
	former := func(dead bool) change {
		return func(o *plan.Observed) {
			o.Secret.FormerUID, o.Reported, o.IssuedAt = formerUID, plan.Reported{}, time.Time{}
			if dead {
				o.Formers = []plan.Former{{UID: formerUID, Markers: []string{formerMarker}}}
			}
		}
	}
	theirs := plan.Key{ID: "k1", Name: plan.KeyName("My key", start.Add(-time.Hour), formerMarker), Preview: "8a4f••••7c2e"}
	older := plan.Key{ID: "k0", Name: theirs.Name, Preview: theirs.Preview}
	another := plan.Key{ID: "k1", Name: plan.KeyName("My key", start.Add(-time.Hour), markerFor("another", formerUID)), Preview: "8a4f••••7c2e"}
	adopted := func(o *plan.Observed) {
		former(true)(o)
		o.Secret.FormerUID, o.Reported.KeyID = "", "k1"
	}
	elsewhere := func(o *plan.Observed) { o.Elsewhere = map[string]bool{"k1": true} }
	check(t, []scenario{
		{
			"A Secret whose owner lives is that one's.",
			delivered(former(false), freshList(theirs)), "wait, secret not owned requeue:15s",
		},
		{
			"A Secret from an earlier life is looked into first: its key may be dead.",
			delivered(former(true)), "list, issuing requeue:9m0s",
		},
		{
			"A key that works is adopted, without another one.",
			delivered(former(true), freshList(theirs)), "record, issuing requeue:10m0s",
		},
		{
			"With it those that it replaced.",
			delivered(former(true), overlap(2*time.Hour), replaced("k0", -time.Hour), freshList(theirs, older)),
			"record, issuing requeue:10m0s names:k0 since:-1h0m0s",
		},
		{
			"A key that does not work is replaced, once two lists prove that.",
			delivered(former(true), freshList(), missing(-timing.ListLag)), "issue, issuing",
		},
		{
			"Another cluster's key is replaced, and left alone.",
			delivered(former(true), freshList(another)), "issue, issuing left:k1",
		},
		{
			"A key that another Secret holds is that one's.",
			delivered(former(true), elsewhere, freshList(theirs)), "issue, issuing left:k1",
		},
		{
			"An adopted key is ours.",
			delivered(adopted, deleting, freshList(theirs)), "revoke k1, revoking key",
		},
		{
			"Who is deleted before leaves key and Secret alone.",
			delivered(former(true), deleting, freshList(theirs)), "finalize, revoking",
		},
		{
			"A record of a later version says to upgrade.",
			delivered(func(o *plan.Observed) { o.Secret = plan.Secret{State: plan.SecretNewer, Version: "7"} }, freshList(key("k1", -time.Hour))),
			"wait, newer record requeue:15s",
		},
		{
			"Also to who deletes the resource: nobody can tell which keys it has.",
			delivered(deleting, func(o *plan.Observed) { o.Secret = plan.Secret{State: plan.SecretNewer, Version: "7"} }, freshList(key("k1", 0))),
			"wait, newer record requeue:15s",
		},
	})
}
