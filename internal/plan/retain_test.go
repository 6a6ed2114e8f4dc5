// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

func TestRetain(t *testing.T) {
	retain := func(o *plan.Observed) { o.Retain = true; deleting(o) }
	justNow := func(o *plan.Observed) { o.Retain, o.DeletingSince = true, start }
	bound := func(o *plan.Observed) { o.Retain, o.Secret.Bound = true, true }
	check(t, []scenario{
		{
			"Key and Secret stay, and Cognigy is not asked where a list showed no other.",
			delivered(retain), "retain, revoking key",
		},
		{
			"A young intent is waited out: its key would work for ever.",
			delivered(retain, intent(0), unlisted), "wait, revoking key pending requeue:35s",
		},
		{
			"Without a list, Cognigy is asked for a minute at most.",
			delivered(justNow, unlisted), "list, revoking key requeue:1m0s",
		},
		{
			"Keys that no workload needs are revoked, within a minute.",
			delivered(justNow, freshList(key("k1", -time.Hour), key("k0", -2*time.Hour))), "revoke k0, revoking key requeue:1m0s",
		},
		{
			"A replaced key works until its overlap is over. The operator names it, since nothing of the resource will be left.",
			delivered(justNow, overlap(time.Hour), replaced("k0", -time.Minute), freshList(key("k1", -time.Hour), key("k0", -2*time.Hour))),
			"retain, revoking key left:k0 retires:k0:-1m0s",
		},
		{
			"After a minute without Cognigy, what may be left is named, too.",
			delivered(retain, unlisted, freshly, replaced("k0", -time.Minute), overlap(time.Hour)),
			"retain, revoking key left:k0 in doubt retires:k0:-1m0s",
		},
		{
			"Nor a Secret that is not ours.",
			delivered(retain, foreign, unlisted, freshly), "retain, revoking in doubt",
		},
		{
			"Nor a suspension.",
			delivered(retain, suspended), "retain, revoking key",
		},
		{
			"Without the finalizer nothing is left to release.",
			delivered(retain, noFinalizer), "wait, revoking key",
		},
		{
			"Before that, the Secret is detached at once: the garbage collector does not wait, and Cognigy may be down.",
			delivered(bound, requested), "repair, delivered key requeue:9m0s",
		},
		{
			"While the resource is suspended, too.",
			delivered(bound, suspended), "repair, suspended key",
		},
		{
			"Even if its value is of no use.",
			delivered(bound, broken, unlisted), "repair, issuing",
		},
		{
			"A delivery that may be under way is not disturbed.",
			delivered(bound, intent(-time.Second)), "wait, verifying key pending requeue:34s",
		},
	})
}
