// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

const (
	// shortestNap is the time from which on those who wait are called early, to be told anew: the pace may have changed.
	shortestNap = time.Second
	// yielding is for how long who has failed lets others pass: whoever is in the line comes to an end.
	yielding = time.Minute
	// forgotten is how late somebody may come before the place in the line is lost.
	forgotten = time.Minute
)

// turns paces the requests of one connection. Nobody waits here: who comes too early is told when to come again, and has a
// place in the line until then, so that a slow connection keeps no worker from the others.
type turns struct {
	mu     sync.Mutex
	bucket bucket
	inside slots
	line   map[types.UID]*place
	last   int // ticket
	doubt  time.Time
}

// place is somebody's in the line.
type place struct {
	ticket int
	until  time.Time // when to come again
	aside  string    // the Endpoint for which it waits for a slot, and lets others pass
	since  time.Time // when it was taken
	again  bool      // its holder has failed, and lets those pass who have not, for a while
}

// yields tells whether those who have not failed come before, whenever they came.
func (p *place) yields(now time.Time) bool { return p.again && now.Before(p.since.Add(yielding)) }

// before tells who of two comes first.
func (p *place) before(other *place, now time.Time) bool {
	if yields := p.yields(now); yields != other.yields(now) {
		return !yields
	}
	return p.ticket < other.ticket
}

func newTurns(limit *v1alpha1.RateLimit) *turns {
	perSecond, burst := limit.Values()
	return &turns{bucket: newBucket(perSecond, burst), inside: slots{}, line: map[types.UID]*place{}}
}

// Turn returns how long somebody has to wait before sending a number of requests; zero if the turn has come, which takes it.
func (l *Link) Turn(who types.UID, requests int, now time.Time) time.Duration {
	t := l.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	mine := t.place(who, now)
	wait := t.wait(mine, requests, now)
	return t.tell(who, requests, wait, now)
}

// Enter is Turn for one request to an Endpoint, and takes a slot, too, until Leave. Who comes again after a failure comes after
// those who do not: what fails for ever must not take the pace from the others.
func (l *Link) Enter(who types.UID, endpointID string, again bool, now time.Time) time.Duration {
	t := l.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	mine := t.place(who, now)
	mine.again = again
	wait := t.wait(mine, 1, now)
	if wait == 0 {
		if wait = t.inside.wait(endpointID, now); wait > 0 {
			mine.aside = endpointID
			// Those who wait for the same slots do not come back together.
			wait += wait * time.Duration(t.ahead(mine, now)) / slotsOfLink
		}
	}
	if wait == 0 {
		t.inside[who] = visit{endpointID: endpointID, since: now}
	}
	return t.tell(who, 1, wait, now)
}

// Owe is for what is sent beyond what the turn was for: it is not waited for, but others wait longer.
func (l *Link) Owe(requests int) {
	l.turns.mu.Lock()
	defer l.turns.mu.Unlock()
	l.turns.bucket.level -= float64(requests)
}

// Leave ends what Enter began, and learns from how it went.
func (l *Link) Leave(who types.UID, outcome error, now time.Time) {
	l.turns.mu.Lock()
	defer l.turns.mu.Unlock()
	l.turns.bucket.learn(outcome, l.turns.inside[who].since, now)
	delete(l.turns.inside, who)
}

func (t *turns) place(who types.UID, now time.Time) *place {
	if t.line[who] == nil {
		t.last++
		t.line[who] = &place{ticket: t.last, since: now}
	}
	t.line[who].until = now
	return t.line[who]
}

// wait returns how long it is until somebody's turn.
func (t *turns) wait(mine *place, requests int, now time.Time) time.Duration {
	mine.aside = ""
	silence, wait := t.bucket.wait(t.ahead(mine, now), requests, now)
	if wait > shortestNap {
		wait = max(shortestNap, wait/2)
	}
	return silence + wait
}

// tell notes what somebody is told: to come again, or to go on.
func (t *turns) tell(who types.UID, requests int, wait time.Duration, now time.Time) time.Duration {
	t.line[who].until = now.Add(wait)
	if wait == 0 {
		delete(t.line, who)
		t.bucket.take(requests)
	}
	return wait
}

// ahead counts those who came before, were told to come later than now, and wait for the same: for requests, or for a slot of the
// same Endpoint. Who is late does not hold up the others.
func (t *turns) ahead(mine *place, now time.Time) int {
	ahead := 0
	for who, other := range t.line {
		switch {
		case now.After(other.until.Add(forgotten)):
			delete(t.line, who)
		case other.aside == mine.aside && other.before(mine, now) && now.Before(other.until):
			ahead++
		}
	}
	return ahead
}
