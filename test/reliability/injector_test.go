// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

var errLost = errors.New("the answer got lost")

var errDead = errors.New("the process that asked is dead")

// observer sees every effect at its instant, while it is held.
type observer interface {
	subject(x *exchange) string // what an effect is about; empty if nothing is checked about it
	sees(x *exchange)           // before it is forwarded
	saw(x *exchange)            // when it is committed
	// read: the operator has read an object by its name, or others by their path, at a time or later.
	read(path string, at time.Time)
}

// injector lets effects pass one at a time, numbers them, and kills or pauses the operator at the chosen one.
type injector struct {
	observer observer
	kill     func() // kills or pauses the operator, and returns when that is done
	// side by side, only effects on the same subject pass one at a time
	sideBySide bool

	mu        sync.Mutex
	tokens    map[string]chan struct{} // by subject; the effect that holds the token is forwarded
	life      int                      // counts the processes
	killed    int                      // the last life whose process was killed
	armed     bool
	counts    map[string]int
	points    []point
	crash     *crash
	fired     chan struct{} // closed when the crash has happened
	during    string        // the effect that the user acts at
	interfere func()        // what the user does
	acted     int           // how many points came before that
	passed    int           // writes that were forwarded to the API server
	wrote     int           // effects that may have changed something
	losing    int           // answers of the API server that will be lost
	storing   time.Time     // from when on the API server stores Secrets again
	lines     []string
}

func newInjector(observer observer) *injector {
	return &injector{observer: observer, tokens: map[string]chan struct{}{}, counts: map[string]int{}, fired: make(chan struct{})}
}

// arm starts to number effects, and to wait for the crash if there is to be one.
func (i *injector) arm(crash *crash) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.armed, i.crash = true, crash
}

// seen counts the points so far.
func (i *injector) seen() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.points)
}

// until returns the first points, and those after them up to the last that may have changed something. What follows are probes
// and looks of an operator at rest.
func (i *injector) until(first int) []point {
	i.mu.Lock()
	defer i.mu.Unlock()
	last := len(i.points)
	for last > first && !writes(i.points[last-1].effect) {
		last--
	}
	return slices.Clone(i.points[:last])
}

// unfence lets the effects of the next process pass.
func (i *injector) unfence() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.life++
	i.note("an operator is started")
}

// fence stops what killed processes sent.
func (i *injector) fence() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.killed = i.life
	i.note("the operator is dead")
}

type lifeKey struct{}

// tagConnection ties a connection to the process that made it: what a dead one left in a socket is not taken for the living one's.
func (i *injector) tagConnection(ctx context.Context, _ net.Conn) context.Context {
	i.mu.Lock()
	defer i.mu.Unlock()
	return context.WithValue(ctx, lifeKey{}, i.life)
}

// acquire waits for the token of a subject, and returns its release.
func (i *injector) acquire(ctx context.Context, subject string) (done func(), err error) {
	switch {
	case !i.sideBySide:
		subject = "everything"
	case subject == "":
		return func() {}, nil
	}
	i.mu.Lock()
	token := i.tokens[subject]
	if token == nil {
		token = make(chan struct{}, 1)
		i.tokens[subject] = token
	}
	i.mu.Unlock()
	select {
	case token <- struct{}{}:
		return func() { <-token }, nil
	case <-ctx.Done():
		return nil, errDead
	}
}

// forward holds an effect, has it checked, and forwards it, unless the operator is to die here.
func (i *injector) forward(ctx context.Context, x *exchange) error {
	done, err := i.acquire(ctx, i.observer.subject(x))
	if err != nil {
		return err
	}
	defer done()
	x.arrived = time.Now()
	when, err := i.arrive(ctx, x)
	if err != nil {
		return err
	}
	i.interrupt(x)
	i.observer.sees(x)
	if when == before {
		return i.hit(x, when)
	}
	if i.cannotStore(x) {
		x.deliver(answer{status: http.StatusServiceUnavailable})
		return nil
	}
	if x.answer, err = x.forward(); err != nil {
		i.remember("%s: %v", x.effect, err)
		return err
	}
	i.forwarded(x)
	i.observer.saw(x)
	if i.loses(x) {
		return errLost
	}
	switch when {
	case committed:
		return i.hit(x, when)
	case paused:
		_ = i.hit(x, when)
	}
	x.deliver(x.answer)
	if when == answered {
		_ = i.hit(x, when)
	}
	return nil
}

// arrive numbers an effect and tells whether to crash at it.
func (i *injector) arrive(ctx context.Context, x *exchange) (when moment, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if life, _ := ctx.Value(lifeKey{}).(int); life <= i.killed {
		return "", errDead
	}
	if i.armed {
		i.counts[x.effect]++
		at := point{x.effect, i.counts[x.effect]}
		i.points = append(i.points, at)
		if i.crash != nil && i.crash.point == at {
			when, i.crash = i.crash.moment, nil
		}
	}
	if when != "" && when != paused {
		i.killed = i.life // nothing else of this process happens
	}
	return when, nil
}

func (i *injector) hit(x *exchange, when moment) error {
	i.kill()
	i.remember("the operator is killed or paused: %s, %s", x.effect, when)
	close(i.fired)
	return errDead
}

func (i *injector) forwarded(x *exchange) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if writes(x.effect) {
		i.wrote++
	}
	if !strings.HasPrefix(x.effect, "cognigy ") {
		i.passed++
	}
	i.note("%s: %d", x.effect, x.answer.status)
}

// lose has the next answers to writes of the API server get lost.
func (i *injector) lose(answers int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.losing = answers
}

func (i *injector) loses(x *exchange) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.losing == 0 || strings.HasPrefix(x.effect, "cognigy ") {
		return false
	}
	i.losing--
	i.note("the answer to %s gets lost", x.effect)
	return true
}

// storeLater has the API server answer for a while that it cannot store a Secret.
func (i *injector) storeLater(wait time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.storing = time.Now().Add(wait)
}

func (i *injector) cannotStore(x *exchange) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if x.effect != effectCreate || !time.Now().Before(i.storing) {
		return false
	}
	i.note("%s: the API server cannot store it", x.effect)
	return true
}

// written counts the effects so far that may have changed something.
func (i *injector) written() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.wrote
}

func (i *injector) sent() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.passed
}

func (i *injector) remember(format string, args ...any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.note(format, args...)
}

// note expects the lock to be held.
func (i *injector) note(format string, args ...any) {
	i.lines = append(i.lines, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

func (i *injector) history() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return strings.Join(i.lines, "\n")
}
