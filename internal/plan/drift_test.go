// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

func TestLooks(t *testing.T) {
	started := func(at time.Duration) change {
		return func(o *plan.Observed) { o.LeaderSince = start.Add(at) }
	}
	check(t, []scenario{
		{
			"A drift interval after the last list, Cognigy is asked again; what another key is told since then will do.",
			delivered(listed(-timing.DriftInterval-time.Minute, key("k1", -time.Hour))), "list, delivered key requeue:-1m0s not-before:-1m0s",
		},
		{
			"Who asks for a look wants a list from now, even if a routine look is due.",
			delivered(requested, listed(-timing.DriftInterval, key("k1", -time.Hour))), "list, delivered key requeue:0s",
		},
		{
			"Not a nanosecond earlier: in between, a resource costs nothing.",
			delivered(listed(-timing.DriftInterval+1, key("k1", -time.Hour))), "wait, delivered key requeue:1ns",
		},
		{
			"A process that has just started does not ask for every resource at once.",
			delivered(unlisted, started(-time.Minute)), "wait, delivered key requeue:9m0s",
		},
		{
			"It does ask after a drift interval.",
			delivered(unlisted, started(-timing.DriftInterval)), "list, delivered key requeue:0s not-before:0s",
		},
		{
			"A key that was just issued needs no list to be believed.",
			delivered(unlisted, issued(0)), "wait, delivered key requeue:10m0s",
		},
		{
			"Somebody asks for a look.",
			delivered(requested), "list, delivered key requeue:9m0s",
		},
		{
			"One look answers the request.",
			delivered(requested, freshList(key("k1", -time.Hour))), "wait, delivered key requeue:10m0s",
		},
		{
			"A revocation that the status announces is waited for, also by a process that has seen no list yet.",
			delivered(unlisted, started(0), overlap(2*time.Minute), announced(-time.Minute)), "wait, delivered key requeue:1m0s retires:k0:-1m0s",
		},
		{
			"When its time has come, Cognigy is asked.",
			delivered(listed(-time.Minute, key("k1", -time.Hour), key("k0", -2*time.Hour)), overlap(time.Minute), announced(-time.Minute)),
			"list, delivered key requeue:0s retires:k0:-1m0s",
		},
		{
			"A list from after that time is the answer: the status may be out of date.",
			delivered(announced(-2 * time.Minute)), "wait, delivered key requeue:9m0s",
		},
	})
}

func TestMissingKey(t *testing.T) {
	check(t, []scenario{
		{
			"One list without the Secret's key may be an answer of a server that lags: another is asked for, a lag later.",
			delivered(freshList(), missing(0)), "wait, delivered key requeue:5s",
		},
		{
			"When the lag is over, Cognigy is asked again.",
			delivered(listed(-timing.ListLag), missing(-timing.ListLag)), "list, delivered key requeue:0s",
		},
		{
			"A second list that came too soon after the first proves nothing.",
			delivered(freshList(), missing(-timing.ListLag+1)), "wait, delivered key requeue:1ns",
		},
		{
			"Two lists, a lag apart: somebody revoked the key.",
			delivered(freshList(), missing(-timing.ListLag)), "issue, issuing",
		},
		{
			"Such lists are no reason to do anything without asking again: the Secret may hold another key by now.",
			delivered(listed(-time.Second), missing(-time.Minute)), "list, delivered key requeue:-55s",
		},
		{
			"A list from before the key was issued cannot show it.",
			delivered(issued(-30*time.Second), listed(-time.Minute)), "wait, delivered key requeue:9m30s",
		},
		{
			"Nor need one that was asked for before the request for the key had ended for sure.",
			delivered(issued(-shows+1), freshList(), missing(-time.Minute)), "wait, delivered key requeue:10m0s",
		},
		{
			"What lists did not show before the key could be shown does not count.",
			delivered(issued(-shows), freshList(), missing(-20*time.Second)), "wait, delivered key requeue:5s",
		},
		{
			"A list that shows the key again clears it.",
			delivered(freshList(key("k1", -time.Hour)), missing(-time.Minute)), "wait, delivered key requeue:10m0s",
		},
		{
			"While the key is missing, its predecessor keeps working until the overlap is over.",
			delivered(overlap(2*time.Hour), replaced("k0", -time.Hour), freshList(key("k0", -2*time.Hour)), missing(0)),
			"wait, delivered key requeue:5s retires:k0:-1h0m0s",
		},
	})
}
