// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import "time"

// The issuance budget: this many attempts for one resource in any such window, then one a window, and with each the window
// doubles. It bounds what a loop can do that something outside causes, such as a controller that empties the Secret.
const (
	issuanceBudget = 5
	issuanceWindow = 10 * time.Minute
	longestWindow  = time.Hour
)

// issue adds Issue to a plan for the reason given, within the issuance budget. Beyond the budget the operator still lists keys at the drift
// interval, since a key that seemed revoked may be listed again.
func issue(o Observed, now time.Time, t Timing, p Plan, why string) Plan {
	next := o.budgetAllows()
	if !o.Requested { // a user who has mended what is in the way does not wait for the window
		next = latest(next, o.setbacksAllow())
	}
	// mutation: issue-without-budget
	if !now.Before(next) {
		p.Do, p.Why, p.Retire = Issue, why, o.toRetire(now, t)
		p.Replaces = o.issueReplaces(p.Retire)
		if key, listed := o.current(); listed && o.Secret.FormerUID != "" && !o.owns(key) {
			p.Left = []RetiringKey{{KeyID: key.ID, Preview: key.Preview}}
		}
		return p
	}
	p.Why, p.State = "the issuance budget is spent", TooManyIssuances
	if last := o.Attempts[len(o.Attempts)-1]; last.Outcome == OutcomeRenamed {
		p.State = KeyNameChanged
	}
	p.RequeueAt = earliest(p.RetiresAt, next, now.Add(t.DriftInterval))
	return p
}

// budgetAllows is when the issuance budget allows the next attempt, whatever became of the earlier ones.
func (o Observed) budgetAllows() time.Time {
	if len(o.Attempts) < issuanceBudget {
		return time.Time{}
	}
	var next time.Time
	spent := 0 // attempts in a row that were made as soon as the budget allowed them
	for i, attempt := range o.Attempts {
		began := attempt.StartedAt
		switch {
		case spent > 0 && began.Before(next.Add(issuanceWindow)):
			spent++
		case i+1 >= issuanceBudget && began.Sub(o.Attempts[i+1-issuanceBudget].StartedAt) < issuanceWindow:
			spent = 1
		default:
			spent = 0
		}
		switch spent {
		case 0:
			next = time.Time{}
		case 1:
			next = o.Attempts[i+1-issuanceBudget].StartedAt.Add(issuanceWindow)
		default:
			next = began.Add(window(spent - 1))
		}
	}
	return latest(next, o.Attempts[len(o.Attempts)-issuanceBudget].StartedAt.Add(issuanceWindow))
}

// setbacksAllow is when the next attempt may follow those that failed in a way which another one hardly mends, and each of which
// made a key, or may have: a real write that is refused although its dry run was not, a name that does not stay, or, twice in a
// row, an answer that proves nothing.
func (o Observed) setbacksAllow() time.Time {
	setbacks, unproven := 0, 0
	for _, attempt := range o.Attempts {
		switch attempt.Outcome {
		case OutcomeRejected, OutcomeRenamed:
			setbacks++
		case OutcomeUnproven:
			if unproven++; unproven > 1 {
				setbacks++
			}
		case OutcomeOpen: // it may still fail in such a way
		default:
			setbacks, unproven = 0, 0
		}
	}
	if setbacks == 0 {
		return time.Time{}
	}
	return o.Attempts[len(o.Attempts)-1].StartedAt.Add(window(setbacks))
}

// window is how long the next attempt waits after so many in a row.
func window(attempts int) time.Duration {
	wait := issuanceWindow
	for range attempts - 1 {
		wait = min(2*wait, longestWindow)
	}
	return wait
}
