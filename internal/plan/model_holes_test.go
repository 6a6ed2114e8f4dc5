// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"strings"
	"testing"
	"time"
)

// Operator A is events' default; these are B's.
const b = 1

// holes are the shortest histories in which the model found a violation.
var holes = []struct {
	why     string
	quirks  quirks // of an operator that falls into the hole; none if it was one in the plan
	violate string // what goes wrong with the quirks
	ending  ending
	clocks  time.Duration // how far B's is ahead of A's
	events  []event
}{
	{
		why:    "The key of a slow request is made late, and the list that a deletion relies on lags behind that.",
		ending: deleted,
		events: []event{
			{do: reach, until: "answer"},
			{do: wait, wait: 29 * time.Second},
			{do: lag, wait: mostLag},
			{do: run},
		},
	},
	{
		why:    "A crashed request makes its key late; the list is older than that, but the deletion is planned later.",
		ending: deleted,
		events: []event{
			{do: reach, until: "answer"},
			{do: restart},
			{do: wait, wait: 29 * time.Second},
			{do: lag, wait: mostLag},
			{do: lagCache, at: b, count: 1},
			{do: reach, at: b, until: "read resource"},
			{do: deleteKey},
			{do: wait, wait: 6 * time.Second},
		},
	},
	{
		why: "A list on account of another resource, from before the key was made, is taken for proof that the key was revoked.",
		events: []event{
			{do: reach, until: "POST"},
			{do: wait, wait: 6 * time.Second},
			{do: listForOther},
			{do: wait, wait: 6 * time.Second},
			{do: lag, wait: mostLag},
			{do: run},
			{do: run},
		},
	},
	{
		why: "A list for another resource shows a key that another operator is about to deliver, and the intent was not read.",
		events: []event{
			{do: run},
			{do: request},
			{do: reach, at: b, until: "read Secret"},
			{do: wait, wait: time.Second},
			{do: rotateNow},
			{do: reach, until: "write k3"},
			{do: listForOther, at: b},
			{do: reach, at: b, until: "DELETE"},
			{do: run},
			{do: run, at: b},
		},
	},
	{
		why:     "The Secret was written, the answer was lost, and it cannot be read: revoking the key takes it from workloads.",
		quirks:  quirks{revokeOfUnknownOutcome: true},
		violate: "S3: the Secret's key k2 is revoked",
		events: []event{
			{do: reach, until: "write k2"},
			{do: step, fate: lost},
			{do: step, fate: failed},
			{do: step, fate: failed},
			{do: step, fate: failed},
			{do: run},
		},
	},
	{
		why:     "The Secret was written, the answer was lost, and another operator rotated: the key is in its overlap.",
		quirks:  quirks{revokeOfUnknownOutcome: true},
		violate: "S3: the replaced key k2 is revoked before the overlap is over",
		events: []event{
			{do: setOverlap, wait: time.Minute},
			{do: reach, until: "write k2"},
			{do: step, fate: lost},
			{do: wait, wait: time.Second},
			{do: rotateNow},
			{do: run, at: b},
			{do: run},
		},
	},
	{
		why:    "The Secret is gone, and with it the word of when the last key was issued.",
		ending: deleted,
		events: []event{
			{do: wait, wait: 36 * time.Second},
			{do: run, at: b},
			{do: suspend},
			{do: deleteSecret},
			{do: run, at: b},
			{do: lag, wait: time.Second},
		},
	},
	{
		why:    "Two operators issued keys within one second, the Secret is gone, and the status only tells the second.",
		ending: deleted,
		events: []event{
			{do: wait, wait: time.Minute}, // a process that has just started waits longer
			{do: run},
			{do: deleteSecret},
			{do: reach, at: b, until: "POST"},
			{do: revokeOutside},
			{do: wait, wait: 4 * time.Second},
			{do: run, at: b},
			{do: deleteSecret},
			{do: lag, wait: mostLag},
		},
	},
	{
		why:    "Another operator's clock is a second ahead, and the time of its issuance is not believed.",
		ending: deleted,
		clocks: time.Second,
		events: []event{
			{do: wait, wait: 36 * time.Second},
			{do: wait, wait: time.Minute}, // a process that has just started waits longer
			{do: run, at: b},
			{do: lag, wait: time.Second},
		},
	},
	{
		why:     "A late delivery delivers a key that another operator is about to revoke.",
		quirks:  quirks{lateDelivery: true},
		violate: "S3: the Secret's key k2 is revoked",
		events: []event{
			{do: reach, until: "write k2"},
			{do: wait, wait: 36 * time.Second},
			{do: reach, at: b, until: "DELETE"},
			{do: run},
			{do: run, at: b},
		},
	},
}

// Each hole is closed. Where the plan cannot close it, the model sees an operator fall into it.
func TestHoles(t *testing.T) {
	for _, hole := range holes {
		t.Run(hole.why, func(t *testing.T) {
			play := func(q quirks) *environment {
				env := newEnvironment(hole.clocks, noLife)
				env.quirks = q
				env.play(hole.events...)
				env.finish(hole.ending, true)
				return env
			}
			if hole.quirks != (quirks{}) {
				if env := play(hole.quirks); env.violation == "" || !strings.HasPrefix(env.violation, hole.violate) {
					t.Errorf("want the violation %q, got %s", hole.violate, env.history())
				}
			}
			if env := play(quirks{}); env.violation != "" {
				t.Error(env.history())
			}
		})
	}
}
