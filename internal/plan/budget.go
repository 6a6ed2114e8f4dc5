// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import "time"

// The issuance budget: this many attempts for one resource in any such window. It bounds what a loop can do that something
// outside causes, such as a controller that empties the Secret.
const (
	issuanceBudget = 5
	issuanceWindow = 10 * time.Minute
)

// issue adds Issue to a plan for the reason given, within the issuance budget. Beyond the budget the operator still lists keys at the drift
// interval, since a key that seemed revoked may be listed again. Where Cognigy changes names, a lost key cannot be found
// again: the operator tries that once per window, or when a user requests it.
func issue(o Observed, now time.Time, t Timing, p Plan, why string) Plan {
	if next := o.KeyNameChanged.Add(issuanceWindow); !o.KeyNameChanged.IsZero() && now.Before(next) && !o.Requested {
		p.Why = "Cognigy gave the latest key another name"
		p.State, p.RequeueAt = KeyNameChanged, earliest(p.RetiresAt, next, now.Add(t.DriftInterval))
		return p
	}
	recent := o.Attempts
	for len(recent) > 0 && !now.Before(recent[0].StartedAt.Add(issuanceWindow)) {
		recent = recent[1:]
	}
	// mutation: issue-without-budget
	if len(recent) < issuanceBudget {
		p.Do, p.Why = Issue, why
		return p
	}
	p.Why, p.State = "the issuance budget is spent", TooManyIssuances
	next := recent[len(recent)-issuanceBudget].StartedAt.Add(issuanceWindow)
	p.RequeueAt = earliest(p.RetiresAt, next, now.Add(t.DriftInterval))
	return p
}
