// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	converges = 40 * time.Minute // longer than the mint window, the longest overlap and the drift interval, one after the other
	calm      = 30 * time.Minute
)

// Whatever happens, what must never be never is, and when the trouble is over all comes right.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cognigys := rapid.SampledFrom([]time.Duration{0, -time.Hour, time.Hour}).Draw(t, "Cognigy's clock")
		operators := rapid.SampledFrom([]time.Duration{0, time.Second, -time.Second}).Draw(t, "B's clock")
		w := newWorld(cognigys, operators)
		w.play(rapid.SliceOfN(events, 30, 120).Draw(t, "events")...)
		w.finish(rapid.SampledFrom([]ending{stays, deleted, retained, endpointRemoved}).Draw(t, "ending"), rapid.Bool().Draw(t, "both"))
		if w.violation != "" {
			t.Fatal(w.story())
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
func (w *world) finish(end ending, both bool) {
	if w.violation != "" {
		return
	}
	w.logf("the trouble ends")
	if !both {
		w.operators[1].end()
		w.operators[1] = nil
	}
	if w.secret != nil && w.secret.foreign {
		deleteSecret(w, event{})
	}
	resume(w, event{})
	unsetEvery(w, event{})
	switch end {
	case retained:
		retainPolicy(w, event{})
		deleteKey(w, event{})
	case deleted:
		deleteKey(w, event{})
	case endpointRemoved:
		removeEndpoint(w, event{})
	default:
	}
	for _, o := range w.operators {
		if o != nil && o.next != nil {
			o.run()
		}
	}
	w.settle(converges)
	if w.violation != "" {
		return
	}
	w.logf("all is calm")
	before := w.effects
	w.converged()
	w.settle(calm)
	if w.effects != before {
		w.violate("liveness: something is still done")
	}
	w.converged()
}

// settle lets the operators work when they mean to, until nothing more is to be done, or time is up.
func (w *world) settle(horizon time.Duration) {
	end := w.now.Add(horizon)
	for passes := 0; w.violation == ""; passes++ {
		var first *operator
		for _, o := range w.operators {
			if o != nil && !o.due.IsZero() && (first == nil || o.due.Before(first.due)) {
				first = o
			}
		}
		if first == nil || first.due.After(end) {
			w.pass(end.Sub(w.now))
			w.check()
			return
		}
		if passes > 1000 {
			w.violate("busy: a thousand passes and no end")
			return
		}
		w.pass(max(first.due.Sub(w.now), 0))
		first.run()
		w.check()
	}
}

// converged checks what design.md promises under Liveness.
func (w *world) converged() {
	live := w.live()
	switch {
	case w.key == nil:
		if w.secret != nil && !w.excused {
			w.violate("liveness: the Secret is left")
		}
	case w.key.deleting:
		w.violate("liveness: the resource is not let go")
	case w.cognigy.gone:
	case w.secret == nil || w.secret.broken || w.find(w.secret.keyID) == nil:
		w.violate("liveness: the Secret holds no key that works")
	case len(live) != 1:
		w.violate("liveness: %d keys work", len(live))
	case w.key.status != (status{keyID: w.secret.keyID, issuedAt: w.secret.issuedAt.Truncate(time.Second)}),
		w.key.handled != w.key.requested, !w.key.protected:
		w.violate("liveness: the report is not up to date: %+v", w.key)
	}
}
