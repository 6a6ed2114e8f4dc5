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
}

// injector lets effects pass one at a time, numbers them, and kills or pauses the operator at the chosen one.
type injector struct {
	observer observer
	kill     func() // kills or pauses the operator, and returns when that is done
	// side by side, only effects on the same subject pass one at a time
	sideBySide bool

	mu        sync.Mutex
	turns     map[string]chan struct{} // subject: holds one token; whoever has it may act
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
	return &injector{observer: observer, turns: map[string]chan struct{}{}, counts: map[string]int{}, fired: make(chan struct{})}
}

// arm starts to number effects, and to wait for the crash if there is to be one.
func (g *injector) arm(crash *crash) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.armed, g.crash = true, crash
}

// seen counts the points so far.
func (g *injector) seen() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.points)
}

// until returns the first points, and those after them up to the last that may have changed something. What follows are probes
// and looks of an operator at rest.
func (g *injector) until(first int) []point {
	g.mu.Lock()
	defer g.mu.Unlock()
	last := len(g.points)
	for last > first && !writes(g.points[last-1].effect) {
		last--
	}
	return slices.Clone(g.points[:last])
}

// unfence lets the effects of the next process pass.
func (g *injector) unfence() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.life++
	g.note("an operator is started")
}

// fence stops what killed processes sent.
func (g *injector) fence() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.killed = g.life
	g.note("the operator is dead")
}

type lifeKey struct{}

// tagConnection ties a connection to the process that made it: what a dead one left in a socket is not taken for the living one's.
func (g *injector) tagConnection(ctx context.Context, _ net.Conn) context.Context {
	g.mu.Lock()
	defer g.mu.Unlock()
	return context.WithValue(ctx, lifeKey{}, g.life)
}

// wait waits for the turn of a subject and returns what ends it.
func (g *injector) wait(ctx context.Context, x *exchange) (done func(), err error) {
	subject := "everything"
	if g.sideBySide {
		if subject = g.observer.subject(x); subject == "" {
			return func() {}, nil
		}
	}
	g.mu.Lock()
	turn := g.turns[subject]
	if turn == nil {
		turn = make(chan struct{}, 1)
		g.turns[subject] = turn
	}
	g.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, errDead
	}
}

// pass holds an effect, has it checked, and forwards it, unless the operator is to die here.
func (g *injector) pass(ctx context.Context, x *exchange) error {
	done, err := g.wait(ctx, x)
	if err != nil {
		return err
	}
	defer done()
	x.arrived = time.Now()
	when, err := g.arrive(ctx, x)
	if err != nil {
		return err
	}
	g.interrupt(x)
	g.observer.sees(x)
	if when == before {
		return g.hit(x, when)
	}
	if g.cannotStore(x) {
		x.deliver(answer{status: http.StatusServiceUnavailable})
		return nil
	}
	if x.answer, err = x.forward(); err != nil {
		g.remember("%s: %v", x.effect, err)
		return err
	}
	g.forwarded(x)
	g.observer.saw(x)
	if g.loses(x) {
		return errLost
	}
	switch when {
	case committed:
		return g.hit(x, when)
	case paused:
		_ = g.hit(x, when)
	}
	x.deliver(x.answer)
	if when == answered {
		_ = g.hit(x, when)
	}
	return nil
}

// arrive numbers an effect and tells whether to crash at it.
func (g *injector) arrive(ctx context.Context, x *exchange) (when moment, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if life, _ := ctx.Value(lifeKey{}).(int); life <= g.killed {
		return "", errDead
	}
	if g.armed {
		g.counts[x.effect]++
		at := point{x.effect, g.counts[x.effect]}
		g.points = append(g.points, at)
		if g.crash != nil && g.crash.point == at {
			when, g.crash = g.crash.moment, nil
		}
	}
	if when != "" && when != paused {
		g.killed = g.life // nothing else of this process happens
	}
	return when, nil
}

// interrupt has the user act, once.
func (g *injector) interrupt(x *exchange) {
	g.mu.Lock()
	interfere := g.interfere
	if interfere == nil || x.effect != g.during {
		g.mu.Unlock()
		return
	}
	g.interfere = nil
	g.acted = len(g.points) - 1
	g.note("the user acts at %s", x.effect)
	g.mu.Unlock()
	interfere()
}

func (g *injector) hit(x *exchange, when moment) error {
	g.kill()
	g.remember("the operator is struck: %s, %s", x.effect, when)
	close(g.fired)
	return errDead
}

func (g *injector) forwarded(x *exchange) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if writes(x.effect) {
		g.wrote++
	}
	if !strings.HasPrefix(x.effect, "cognigy ") {
		g.passed++
	}
	g.note("%s: %d", x.effect, x.answer.status)
}

// lose has the next answers to writes of the API server get lost.
func (g *injector) lose(answers int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.losing = answers
}

func (g *injector) loses(x *exchange) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.losing == 0 || strings.HasPrefix(x.effect, "cognigy ") {
		return false
	}
	g.losing--
	g.note("the answer to %s gets lost", x.effect)
	return true
}

// storeLater has the API server answer for a while that it cannot store a Secret.
func (g *injector) storeLater(wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.storing = time.Now().Add(wait)
}

func (g *injector) cannotStore(x *exchange) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if x.effect != effectCreate || !time.Now().Before(g.storing) {
		return false
	}
	g.note("%s: the API server cannot store it", x.effect)
	return true
}

// written counts the effects so far that may have changed something.
func (g *injector) written() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.wrote
}

func (g *injector) sent() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.passed
}

func (g *injector) remember(format string, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.note(format, args...)
}

// note expects the lock to be held.
func (g *injector) note(format string, args ...any) {
	g.lines = append(g.lines, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

func (g *injector) history() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(g.lines, "\n")
}
