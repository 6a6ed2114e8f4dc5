// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// event is something that happens in the environment. Lists of events are what is generated, shrunk and kept.
type event struct {
	do    func(*environment, event)
	at    int // which operator
	fate  fate
	until string // the effect to pause before
	wait  time.Duration
	count int
}

// nothing happens: what shrinking makes of an event that does not matter.
func nothing(*environment, event) {}

// GoString keeps rapid's log short: the history says what happened.
func (event) GoString() string { return "event" }

// What operators do.
func run(env *environment, e event) { env.operators[e.at].run() }

func step(env *environment, e event) { env.operators[e.at].step(e.fate) }

// reach goes on with a pass until it is about to do something, or to its end.
func reach(env *environment, e event) {
	o := env.operators[e.at]
	for o.step(e.fate); o.next != nil && !strings.HasPrefix(o.before, e.until); {
		o.step(fine)
	}
}

func restart(env *environment, e event) {
	env.logf("%s crashes and starts again", env.operators[e.at].name)
	env.operators[e.at].restart()
}

// lagCache has the next pass begin with an old version of the resource.
func lagCache(env *environment, e event) { env.operators[e.at].stale = e.count }

// listForOther lists the keys for another resource of the Endpoint.
func listForOther(env *environment, e event) {
	env.logf("%s: LIST for another resource", env.operators[e.at].name)
	env.operators[e.at].list()
}

// What Cognigy does.
func wait(env *environment, e event) { env.advance(e.wait) }

func lag(env *environment, e event) { env.cognigy.lag = min(e.wait, mostLag) }

func commit(env *environment, _ event) {
	for _, p := range env.cognigy.pending {
		env.commit(p)
	}
}

func drop(env *environment, _ event) { env.drop(env.cognigy.pending...) }

func (env *environment) drop(requests ...*post) {
	requests = slices.Clone(requests)
	env.cognigy.pending = slices.DeleteFunc(slices.Clone(env.cognigy.pending), func(p *post) bool {
		return slices.Contains(requests, p) && p.made == nil
	})
}

func removeEndpoint(env *environment, _ event) {
	env.logf("the Endpoint is removed")
	env.cognigy.gone, env.cognigy.pending = true, nil
	for _, key := range env.cognigy.keys {
		if key.works() {
			key.revoked = env.now
		}
	}
}

// What people do.
func deleteSecret(env *environment, _ event) {
	if env.secret != nil {
		env.logf("a user deletes the Secret")
		env.put(nil)
	}
	env.forgetUnnamed()
}

func alterSecret(env *environment, _ event) {
	if env.secret != nil && !env.secret.foreign && !env.secret.former {
		env.logf("a user alters the Secret")
		altered := *env.secret
		altered.broken = true
		env.put(&altered)
	}
	env.forgetUnnamed()
}

// putBack restores an earlier Secret of ours, as a backup tool does or somebody who has an old manifest.
func putBack(env *environment, e event) {
	if env.key == nil || len(env.backups) == 0 || env.secret != nil && env.secret.foreign {
		return
	}
	restored := *env.backups[e.count%len(env.backups)]
	restored.known = false
	if key := env.find(restored.keyID); key != nil {
		key.putBack = env.now
	}
	env.logf("a user puts the Secret with %s back", restored.keyID)
	env.put(&restored)
	env.forgetUnnamed()
	env.forgetReplaced()
}

// forgetReplaced gives up when keys were replaced, if a user put a record back and wiped the status: nothing tells any more.
func (env *environment) forgetReplaced() {
	if env.key == nil || env.key.status.keyID != "" || env.secret == nil || env.secret.known {
		return
	}
	for _, key := range env.cognigy.keys {
		key.heldLast = time.Time{}
	}
}

func wipeStatus(env *environment, _ event) {
	if env.key != nil {
		env.logf("a user wipes the status")
		env.change(func(key *resource) { key.status, key.handled = status{}, 0 })
		env.forgetReplaced()
	}
	env.forgetUnnamed()
}

func putForeignSecret(env *environment, _ event) {
	env.logf("a user puts another Secret in place")
	env.put(&secret{foreign: true})
	env.forgetUnnamed()
}

func revokeOutside(env *environment, e event) {
	if live := env.live(); len(live) > 0 {
		key := live[e.count%len(live)]
		env.logf("a user revokes %s", key.ID)
		key.revoked = env.now
	}
}

func edit(what string, change func(*resource, event)) func(*environment, event) {
	return func(env *environment, e event) {
		if env.key != nil {
			env.logf("a user %s", what)
			env.change(func(key *resource) { change(key, e) })
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
	retainPolicy = edit("sets Retain", func(key *resource, _ event) { key.retain = true })
)

func deleteKey(env *environment, _ event) {
	if env.key != nil && !env.key.deleting() {
		env.logf("a user deletes the resource")
		env.change(func(key *resource) { key.deletingSince = env.now.Truncate(time.Second) })
	}
}

func rotateNow(env *environment, _ event) {
	if env.key != nil {
		env.logf("a user asks for a rotation")
		env.change(func(key *resource) { key.rotation.NotBefore = env.now })
	}
}

func removeFinalizer(env *environment, _ event) {
	if env.key != nil && env.key.protected {
		env.logf("a user removes the finalizer")
		env.stripped = true
		env.change(func(key *resource) { key.protected = false })
	}
}

// draw completes an event.
type draw func(*rapid.T, *event)

func anyOperator(t *rapid.T, e *event) { e.at = rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "operator") }

func how(t *rapid.T, e *event) {
	e.fate = rapid.SampledFrom([]fate{fine, fine, fine, fine, failed, lost}).Draw(t, "fate")
}

func until(t *rapid.T, e *event) {
	e.until = rapid.SampledFrom([]string{"POST", "answer", "write k", "read", "LIST", "write the", "patch", "DELETE", "delete", "remove", "restart"}).Draw(t, "until")
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
	do    func(*environment, event)
	draws []draw
}{
	{1, nothing, nil},
	{6, run, []draw{anyOperator}},
	{8, step, []draw{anyOperator, how}},
	{8, reach, []draw{anyOperator, how, until}},
	{1, restart, []draw{anyOperator}},
	{1, lagCache, []draw{anyOperator, which}},
	{3, listForOther, []draw{anyOperator}},
	{6, wait, []draw{howLong}},
	{2, lag, []draw{howLong}},
	{1, commit, nil},
	{1, drop, nil},
	{2, deleteSecret, nil},
	{1, alterSecret, nil},
	{2, putBack, []draw{which}},
	{1, wipeStatus, nil},
	{1, putForeignSecret, nil},
	{1, revokeOutside, []draw{which}},
	{2, rotateNow, nil},
	{1, setEvery, nil},
	{1, unsetEvery, nil},
	{1, setOverlap, []draw{howLong}},
	{1, request, nil},
	{1, suspend, nil},
	{1, resume, nil},
	{2, deploy, nil},
	{3, rollOut, nil},
	{1, undoRestart, nil},
	{1, removeWorkload, nil},
	{1, deleteKey, nil},
	{1, removeFinalizer, nil},
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
func (env *environment) play(list ...event) {
	for _, e := range list {
		if env.violation != "" {
			return
		}
		e.do(env, e)
		env.check()
	}
}
