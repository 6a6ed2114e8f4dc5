// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// event is something that happens in the world. Lists of events are what is generated, shrunk and kept.
type event struct {
	do    func(*world, event)
	who   int // which operator
	fate  fate
	until string // the effect to pause before
	wait  time.Duration
	count int
}

// nothing happens: what shrinking makes of an event that does not matter.
func nothing(*world, event) {}

// GoString keeps rapid's log short: the story of what happened says it all.
func (event) GoString() string { return "event" }

// What operators do.
func run(w *world, e event) { w.operators[e.who].run() }

func step(w *world, e event) { w.operators[e.who].step(e.fate) }

// reach goes on with a pass until it is about to do something, or to its end.
func reach(w *world, e event) {
	o := w.operators[e.who]
	for o.step(e.fate); o.next != nil && !strings.HasPrefix(o.before, e.until); {
		o.step(fine)
	}
}

func restart(w *world, e event) {
	w.logf("%s crashes and starts again", w.operators[e.who].name)
	w.operators[e.who].restart()
}

// lagCache has the next pass begin with an old version of the resource.
func lagCache(w *world, e event) { w.operators[e.who].stale = e.count }

// glance is a list on account of another resource.
func glance(w *world, e event) {
	w.logf("%s: LIST for another resource", w.operators[e.who].name)
	_, _ = w.operators[e.who].glance()
}

// What Cognigy does.
func wait(w *world, e event) { w.pass(e.wait) }

func lag(w *world, e event) { w.cognigy.lag = min(e.wait, mostLag) }

func commit(w *world, _ event) {
	for _, p := range w.cognigy.pending {
		w.commit(p)
	}
}

func drop(w *world, _ event) { w.drop(w.cognigy.pending...) }

func (w *world) drop(requests ...*post) {
	requests = slices.Clone(requests)
	w.cognigy.pending = slices.DeleteFunc(slices.Clone(w.cognigy.pending), func(p *post) bool {
		return slices.Contains(requests, p) && p.made == nil
	})
}

func removeEndpoint(w *world, _ event) {
	w.logf("the Endpoint is removed")
	w.cognigy.gone, w.cognigy.pending = true, nil
	for _, key := range w.cognigy.keys {
		if key.works() {
			key.revoked = w.now
		}
	}
}

// What people do.
func deleteSecret(w *world, _ event) {
	if w.secret != nil {
		w.logf("somebody deletes the Secret")
		w.put(nil)
	}
}

func alterSecret(w *world, _ event) {
	if w.secret != nil && !w.secret.foreign {
		w.logf("somebody alters the Secret")
		altered := *w.secret
		altered.broken = true
		w.put(&altered)
	}
}

func putForeignSecret(w *world, _ event) {
	w.logf("somebody puts another Secret in place")
	w.put(&secret{foreign: true})
}

func revokeOutside(w *world, e event) {
	if live := w.live(); len(live) > 0 {
		key := live[e.count%len(live)]
		w.logf("somebody revokes %s", key.ID)
		key.revoked = w.now
	}
}

func edit(what string, change func(*resource, event)) func(*world, event) {
	return func(w *world, e event) {
		if w.key != nil {
			w.logf("somebody %s", what)
			w.change(func(key *resource) { change(key, e) })
		}
	}
}

var (
	setEvery     = edit("sets every", func(key *resource, _ event) { key.rotation.Every = time.Hour })
	unsetEvery   = edit("unsets every", func(key *resource, _ event) { key.rotation.Every = 0 })
	setOverlap   = edit("sets overlap", func(key *resource, e event) { key.rotation.Overlap = min(2*e.wait, 10*time.Minute) })
	request      = edit("asks for a look", func(key *resource, _ event) { key.requested++ })
	suspend      = edit("suspends", func(key *resource, _ event) { key.suspended = true })
	resume       = edit("resumes", func(key *resource, _ event) { key.suspended = false })
	deleteKey    = edit("deletes the resource", func(key *resource, _ event) { key.deleting = true })
	retainPolicy = edit("sets Retain", func(key *resource, _ event) { key.retain = true })
)

func rotateNow(w *world, _ event) {
	if w.key != nil {
		w.logf("somebody asks for a rotation")
		w.change(func(key *resource) { key.rotation.NotBefore = w.now })
	}
}

func strip(w *world, _ event) {
	if w.key != nil && w.key.protected {
		w.logf("somebody removes the finalizer")
		w.stripped = true
		w.change(func(key *resource) { key.protected = false })
	}
}

// draw completes an event.
type draw func(*rapid.T, *event)

func who(t *rapid.T, e *event) { e.who = rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "who") }

func how(t *rapid.T, e *event) {
	e.fate = rapid.SampledFrom([]fate{fine, fine, fine, fine, failed, lost}).Draw(t, "fate")
}

func until(t *rapid.T, e *event) {
	e.until = rapid.SampledFrom([]string{"POST", "answer", "write k", "read", "LIST", "write the", "patch", "DELETE", "delete", "remove"}).Draw(t, "until")
}

func which(t *rapid.T, e *event) { e.count = rapid.IntRange(0, 3).Draw(t, "which") }

func howLong(t *rapid.T, e *event) {
	e.wait = rapid.SampledFrom([]time.Duration{
		time.Second, 4 * time.Second, 6 * time.Second, 29 * time.Second, 36 * time.Second, 5 * time.Minute, 15 * time.Minute,
	}).Draw(t, "wait")
}

// kinds says how often each event is generated, and what completes it. What comes first is what shrinking prefers.
var kinds = []struct {
	times int
	do    func(*world, event)
	draws []draw
}{
	{1, nothing, nil},
	{6, run, []draw{who}},
	{8, step, []draw{who, how}},
	{8, reach, []draw{who, how, until}},
	{1, restart, []draw{who}},
	{1, lagCache, []draw{who, which}},
	{3, glance, []draw{who}},
	{6, wait, []draw{howLong}},
	{2, lag, []draw{howLong}},
	{1, commit, nil},
	{1, drop, nil},
	{2, deleteSecret, nil},
	{1, alterSecret, nil},
	{1, putForeignSecret, nil},
	{1, revokeOutside, []draw{which}},
	{2, rotateNow, nil},
	{1, setEvery, nil},
	{1, unsetEvery, nil},
	{1, setOverlap, []draw{howLong}},
	{1, request, nil},
	{1, suspend, nil},
	{1, resume, nil},
	{1, deleteKey, nil},
	{1, strip, nil},
}

var tickets = func() (tickets []int) {
	for i, kind := range kinds {
		for range kind.times {
			tickets = append(tickets, i)
		}
	}
	return tickets
}()

var events = rapid.Custom(func(t *rapid.T) event {
	kind := kinds[rapid.SampledFrom(tickets).Draw(t, "kind")]
	e := event{do: kind.do}
	for _, complete := range kind.draws {
		complete(t, &e)
	}
	return e
})

// play has the events happen, up to the first violation.
func (w *world) play(list ...event) {
	for _, e := range list {
		if w.violation != "" {
			return
		}
		e.do(w, e)
		w.check()
	}
}
