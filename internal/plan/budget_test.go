// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

func TestIssuanceBudget(t *testing.T) {
	attempts := func(ago ...time.Duration) change {
		return func(o *plan.Observed) {
			for _, at := range ago {
				o.Attempts = append(o.Attempts, plan.Attempt{StartedAt: start.Add(-at)})
			}
		}
	}
	const m = time.Minute
	check(t, []scenario{
		{
			"Four keys in ten minutes leave room for a fifth.",
			created(finalizer, freshList(), attempts(9*m, 8*m, 7*m, 6*m)), "issue, issuing",
		},
		{
			"Five are the limit: a loop that removes or rejects them would go on for ever. The oldest makes room.",
			created(finalizer, freshList(), attempts(9*m, 8*m, 7*m, 6*m, 5*m)), "wait, too many issuances requeue:1m0s",
		},
		{
			"After five, there is one a window.",
			created(finalizer, freshList(), attempts(22*m, 21*m, 20*m, 19*m, 18*m, 4*m)), "wait, too many issuances requeue:6m0s",
		},
		{
			"With each, the window doubles, up to an hour.",
			created(finalizer, freshList(), attempts(32*m, 31*m, 30*m, 29*m, 28*m, 18*m, 4*m)), "wait, too many issuances requeue:10m0s",
		},
		{
			"Who waits longer than that begins anew.",
			created(finalizer, freshList(), attempts(62*m, 61*m, 60*m, 59*m, 58*m, 15*m)), "issue, issuing",
		},
		{
			"The window ends after exactly ten minutes, or the operator would wait for a time that has come.",
			created(finalizer, freshList(), attempts(10*m, 8*m, 7*m, 6*m, 5*m)), "issue, issuing",
		},
		{
			"A nanosecond earlier it has not ended.",
			created(finalizer, freshList(), attempts(10*m-1, 8*m, 7*m, 6*m, 5*m)), "wait, too many issuances requeue:1ns",
		},
		{
			"Attempts before the window do not count.",
			created(finalizer, freshList(), attempts(60*m, 50*m, 40*m, 30*m, 20*m, 5*m)), "issue, issuing",
		},
		{
			"Attempts of this process are enough to know that a key may exist.",
			created(attempts(9 * m)), "add finalizer, issuing",
		},
		{
			"A rotation that has to wait does not hold up the revocation of the key before.",
			delivered(freshList(key("k0", -2*time.Hour), key("k1", -time.Hour)), attempts(9*m, 8*m, 7*m, 6*m, 4*m),
				rotation(plan.Rotation{NotBefore: start, Overlap: time.Hour + 30*time.Second}), replaced("k0", -time.Hour)),
			"wait, too many issuances key requeue:30s rotates:0s retires:k0:-1h0m0s",
		},
	})
}

// An attempt that makes a key in vain, in a way which another one hardly mends, is followed by few others.
func TestSetbacks(t *testing.T) {
	setbacks := func(outcome plan.Outcome, ago ...time.Duration) change {
		return func(o *plan.Observed) {
			for _, at := range ago {
				o.Attempts = append(o.Attempts, plan.Attempt{StartedAt: start.Add(-at), EndedAt: start.Add(-at), Outcome: outcome})
			}
		}
	}
	const m = time.Minute
	check(t, []scenario{
		{
			"Kubernetes refused the write although it accepted the dry run: one try a window.",
			created(finalizer, freshList(), setbacks(plan.OutcomeRejected, m)), "wait, too many issuances requeue:9m0s",
		},
		{
			"Then twice that.",
			created(finalizer, freshList(), setbacks(plan.OutcomeRejected, 15*m, 4*m)), "wait, too many issuances requeue:10m0s",
		},
		{
			"In the end one an hour.",
			created(finalizer, freshList(), setbacks(plan.OutcomeRejected, 200*m, 190*m, 170*m, 130*m, 55*m)), "wait, too many issuances requeue:5m0s",
		},
		{
			"One answer that proves nothing may be chance.",
			created(finalizer, freshList(), setbacks(plan.OutcomeUnproven, m)), "issue, issuing",
		},
		{
			"Two are not.",
			created(finalizer, freshList(), setbacks(plan.OutcomeUnproven, 2*m, m)), "wait, too many issuances requeue:9m0s",
		},
		{
			"A key that is delivered ends the row.",
			created(finalizer, freshList(), setbacks(plan.OutcomeRejected, 3*m), setbacks(plan.OutcomeDelivered, 2*m)), "issue, issuing",
		},
		{
			"Who has mended what is in the way asks for a look.",
			created(finalizer, requested, freshList(), setbacks(plan.OutcomeRejected, m)), "issue, issuing",
		},
		{
			"An outage is no such row.",
			created(finalizer, freshList(), setbacks(plan.OutcomeUnanswered, 3*m, 2*m, m)), "issue, issuing",
		},
	})
}
