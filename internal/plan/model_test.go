// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	converges = 3 * time.Hour // longer than the longest issuance window, the longest overlap and the drift interval, one after the other
	quietTime = 30 * time.Minute
)

// Whatever happens, what must never be never is, and when the trouble is over all comes right.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SampledFrom([]life{noLife, noLife, noLife, liveLife, deadLife, otherLife}).Draw(t, "before")
		operators := rapid.SampledFrom([]time.Duration{0, time.Second, -time.Second}).Draw(t, "B's clock")
		env := newEnvironment(operators, before)
		env.play(rapid.SliceOfN(events, 30, 120).Draw(t, "events")...)
		env.finish(rapid.SampledFrom([]ending{stays, deleted, retained, endpointRemoved}).Draw(t, "ending"), rapid.Bool().Draw(t, "both"))
		if env.violation != "" {
			t.Fatal(env.history())
		}
	})
}

// ending is what becomes of the resource when the trouble is over.
type ending int

const (
	stays ending = iota
	deleted
	retained
	endpointRemoved
)

// finish stops the trouble, with one operator left or both, and checks what must come of it.
func (env *environment) finish(end ending, both bool) {
	if env.violation != "" {
		return
	}
	env.logf("the trouble ends")
	if !both {
		env.operators[1].end()
		env.operators[1] = nil
	}
	if env.secret != nil && env.secret.foreign {
		deleteSecret(env, event{})
	}
	resume(env, event{})
	unsetEvery(env, event{})
	switch end {
	case retained:
		retainPolicy(env, event{})
		deleteKey(env, event{})
	case deleted:
		deleteKey(env, event{})
	case endpointRemoved:
		removeEndpoint(env, event{})
	default:
	}
	for _, o := range env.operators {
		if o != nil && o.next != nil {
			o.run()
		}
	}
	env.settle(converges)
	if env.violation != "" {
		return
	}
	env.logf("all is quietTime")
	before := env.effects
	env.converged()
	env.settle(quietTime)
	if env.effects != before {
		env.violate("liveness: something is still done")
	}
	env.converged()
}

// settle lets the operators work when they mean to, until nothing more is to be done, or time is up.
func (env *environment) settle(horizon time.Duration) {
	end := env.now.Add(horizon)
	for passes := 0; env.violation == ""; passes++ {
		var first *operator
		for _, o := range env.operators {
			if o != nil && !o.due.IsZero() && (first == nil || o.due.Before(first.due)) {
				first = o
			}
		}
		if first == nil || first.due.After(end) {
			env.advance(end.Sub(env.now))
			env.check()
			return
		}
		if passes > 1000 {
			env.violate("busy: a thousand passes and no end")
			return
		}
		env.advance(max(first.due.Sub(env.now), 0))
		first.run()
		env.check()
	}
}

// converged checks what design.md promises under Liveness.
func (env *environment) converged() {
	live := env.live()
	switch {
	case env.key == nil:
		if env.secret != nil && env.secret.known && !env.secret.former && !env.excused && env.warned == nil {
			env.violate("liveness: the Secret is left")
		}
	case env.key.deleting():
		env.violate("liveness: the resource is not finalized")
	case env.cognigy.gone:
	case env.secret == nil || env.secret.broken || env.find(env.secret.keyID) == nil:
		env.violate("liveness: the Secret holds no key that works")
	case len(live) != 1:
		env.violate("liveness: %d keys work", len(live))
	case !env.restarted():
		env.violate("liveness: the workload was not restarted with %s", env.secret.keyID)
	case env.key.status.keyID != env.secret.keyID, !env.key.status.issuedAt.Equal(env.secret.issuedAt.Truncate(time.Second)),
		!env.key.status.intent.IsZero(), len(env.key.status.retiring) > 0, env.secret.former,
		env.key.handled != env.key.requested, !env.key.protected:
		env.violate("liveness: the report is not up to date: %+v", env.key)
	}
}
