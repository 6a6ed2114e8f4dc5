// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// exchange is an effect on its way.
type exchange struct {
	effect  string
	path    string
	forward func() (answer, error)
	deliver func(answer)

	answer answer
}

var errDead = errors.New("the process that asked is dead")

// judge sees every effect at its instant, while it is held.
type judge interface {
	sees(life int, x *exchange) // before it is forwarded
	saw(life int, x *exchange)  // when it is committed
}

// gate lets effects pass one at a time, numbers them, and kills at the chosen one.
type gate struct {
	turn  chan struct{} // holds one token: whoever has it may act
	judge judge
	kill  func() // kills the operator, and returns when it is dead

	mu     sync.Mutex
	life   int  // counts the processes
	dead   bool // the process of this life was killed
	armed  bool
	counts map[string]int
	points []point
	crash  *crash
	fired  chan struct{} // closed when the crash has happened
	during string        // the effect that the user acts at
	meddle func()        // what the user does
	acted  int           // how many points came before that
	passed int           // writes that were forwarded to the API server
	wrote  int           // effects that may have changed something
	lines  []string
}

func newGate(judge judge) *gate {
	g := &gate{turn: make(chan struct{}, 1), judge: judge, counts: map[string]int{}, fired: make(chan struct{})}
	g.turn <- struct{}{}
	return g
}

// arm starts to number effects, and to wait for the crash if there is to be one.
func (g *gate) arm(crash *crash) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.armed, g.crash = true, crash
}

// seen counts the points so far.
func (g *gate) seen() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.points)
}

// until returns the first points, and those after them up to the last that may have changed something. What follows are probes
// and looks of an operator at rest.
func (g *gate) until(first int) []point {
	g.mu.Lock()
	defer g.mu.Unlock()
	last := len(g.points)
	for last > first && !writes(g.points[last-1].effect) {
		last--
	}
	return slices.Clone(g.points[:last])
}

// revive lets the effects of the next process pass.
func (g *gate) revive() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.life++
	g.dead = false
	g.note("the operator is started")
}

type lifeKey struct{}

// greet ties a connection to the process that made it: what a dead one left in a socket is not taken for the living one's.
func (g *gate) greet(ctx context.Context, _ net.Conn) context.Context {
	g.mu.Lock()
	defer g.mu.Unlock()
	return context.WithValue(ctx, lifeKey{}, g.life)
}

// pass holds an effect, has it judged, and forwards it, unless the operator is to die here.
func (g *gate) pass(ctx context.Context, x *exchange) error {
	select {
	case <-g.turn:
	case <-ctx.Done():
		return errDead
	}
	defer func() { g.turn <- struct{}{} }()
	life, when, err := g.arrive(ctx, x)
	if err != nil {
		return err
	}
	g.interrupt(x)
	g.judge.sees(life, x)
	if when == before {
		return g.die(x, when)
	}
	if x.answer, err = x.forward(); err != nil {
		g.remember("%s: %v", x.effect, err)
		return err
	}
	g.forwarded(x)
	g.judge.saw(life, x)
	if when == committed {
		return g.die(x, when)
	}
	x.deliver(x.answer)
	if when == answered {
		_ = g.die(x, when)
	}
	return nil
}

// arrive numbers an effect and tells whether to crash at it.
func (g *gate) arrive(ctx context.Context, x *exchange) (life int, when moment, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dead || ctx.Value(lifeKey{}) != g.life {
		return 0, "", errDead
	}
	if g.armed {
		g.counts[x.effect]++
		at := point{x.effect, g.counts[x.effect]}
		g.points = append(g.points, at)
		if g.crash != nil && g.crash.point == at {
			when, g.crash = g.crash.moment, nil
		}
	}
	if when != "" {
		g.dead = true // nothing else of this process happens
	}
	return g.life, when, nil
}

// interrupt has the user act, once.
func (g *gate) interrupt(x *exchange) {
	g.mu.Lock()
	meddle := g.meddle
	if meddle == nil || x.effect != g.during {
		g.mu.Unlock()
		return
	}
	g.meddle = nil
	g.acted = len(g.points) - 1
	g.note("the user acts at %s", x.effect)
	g.mu.Unlock()
	meddle()
}

func (g *gate) die(x *exchange, when moment) error {
	g.kill()
	g.remember("the operator is dead: %s, %s", x.effect, when)
	close(g.fired)
	return errDead
}

func (g *gate) forwarded(x *exchange) {
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

// written counts the effects so far that may have changed something.
func (g *gate) written() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.wrote
}

func (g *gate) sent() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.passed
}

func (g *gate) remember(format string, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.note(format, args...)
}

// note expects the lock to be held.
func (g *gate) note(format string, args ...any) {
	g.lines = append(g.lines, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

func (g *gate) history() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(g.lines, "\n")
}
