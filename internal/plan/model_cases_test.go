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

// holes are the shortest stories in which the model found something to go wrong.
var holes = []struct {
	why     string
	quirks  quirks // of an operator that falls into the hole; none if it was one in the plan
	violate string // what goes wrong with the quirks
	ending  ending
	clocks  time.Duration // how far B's is ahead of A's
	events  []event
}{
	{
		why:    "The key of a slow request is made late, and the list that a deletion relies on lags from there.",
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
			{do: lagCache, who: b, count: 1},
			{do: reach, who: b, until: "read resource"},
			{do: deleteKey},
			{do: wait, wait: 6 * time.Second},
		},
	},
	{
		why: "A list on account of another resource, from before the key was made, is taken for proof that the key was revoked.",
		events: []event{
			{do: reach, until: "POST"},
			{do: wait, wait: 6 * time.Second},
			{do: glance},
			{do: wait, wait: 6 * time.Second},
			{do: lag, wait: mostLag},
			{do: run},
			{do: run},
		},
	},
	{
		why:     "Who plans with a list that is younger than what was read takes a key for lost that is just being delivered.",
		quirks:  quirks{newestList: true},
		violate: "S3: the Secret's key k3 is revoked",
		events: []event{
			{do: run},
			{do: request},
			{do: reach, who: b, until: "read Secret"},
			{do: wait, wait: time.Second},
			{do: rotateNow},
			{do: reach, until: "write k3"},
			{do: glance, who: b},
			{do: reach, who: b, until: "DELETE"},
			{do: run},
			{do: run, who: b},
		},
	},
	{
		why:     "The Secret was written, the answer was lost, and it cannot be read: revoking the key takes it from its users.",
		quirks:  quirks{hastyDiscard: true},
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
		why:     "The Secret was written, the answer was lost, and somebody else rotated: the key is in its overlap.",
		quirks:  quirks{hastyDiscard: true},
		violate: "S3: the replaced key k2 is revoked before the overlap is over",
		events: []event{
			{do: setOverlap, wait: time.Minute},
			{do: reach, until: "write k2"},
			{do: step, fate: lost},
			{do: wait, wait: time.Second},
			{do: rotateNow},
			{do: run, who: b},
			{do: run},
		},
	},
	{
		why:     "The Secret is gone, and with it the only word of when the last key was issued.",
		quirks:  quirks{forgetful: true},
		violate: "S1: the resource is gone, and k2 works",
		ending:  deleted,
		events: []event{
			{do: wait, wait: 36 * time.Second},
			{do: run, who: b},
			{do: suspend},
			{do: deleteSecret},
			{do: run, who: b},
			{do: lag, wait: time.Second},
		},
	},
	{
		why:     "Two operators issued keys within one second, the Secret is gone, and the status only tells the second.",
		quirks:  quirks{selfCentred: true},
		violate: "S1: the resource is gone, and k3 works",
		ending:  deleted,
		events: []event{
			{do: wait, wait: time.Minute}, // who has just started is careful
			{do: run},
			{do: deleteSecret},
			{do: reach, who: b, until: "POST"},
			{do: revokeOutside},
			{do: wait, wait: 4 * time.Second},
			{do: run, who: b},
			{do: deleteSecret},
			{do: lag, wait: mostLag},
		},
	},
	{
		why:     "Another operator's clock is a second ahead, and the time of its issuance is not believed.",
		quirks:  quirks{exactClocks: true},
		violate: "S1: the resource is gone, and k2 works",
		ending:  deleted,
		clocks:  time.Second,
		events: []event{
			{do: wait, wait: 36 * time.Second},
			{do: wait, wait: time.Minute}, // who has just started is careful
			{do: run, who: b},
			{do: lag, wait: time.Second},
		},
	},
	{
		why:     "Who delivers late delivers a key that somebody else is about to revoke.",
		quirks:  quirks{lateDelivery: true},
		violate: "S3: the Secret's key k2 is revoked",
		events: []event{
			{do: reach, until: "write k2"},
			{do: wait, wait: 36 * time.Second},
			{do: reach, who: b, until: "DELETE"},
			{do: run},
			{do: run, who: b},
		},
	},
}

// Each hole is closed. Where the plan cannot close it, the model sees an operator fall into it.
func TestHoles(t *testing.T) {
	for _, hole := range holes {
		t.Run(hole.why, func(t *testing.T) {
			play := func(q quirks) *world {
				w := newWorld(0, hole.clocks)
				w.quirks = q
				w.play(hole.events...)
				w.finish(hole.ending, true)
				return w
			}
			if hole.quirks != (quirks{}) {
				if w := play(hole.quirks); w.violation == "" || !strings.HasPrefix(w.violation, hole.violate) {
					t.Errorf("want the violation %q, got %s", hole.violate, w.story())
				}
			}
			if w := play(quirks{}); w.violation != "" {
				t.Error(w.story())
			}
		})
	}
}
