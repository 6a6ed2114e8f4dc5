// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"iter"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// quirks make the model's operator do what the real one must not. They show that the model would notice.
type quirks struct {
	revokeOfUnknownOutcome bool // revokes the new key although a write of it may have been carried out
	lateDelivery           bool // delivers although it is late
}

// operator carries out plans as the controller does. A reconcile is a coroutine that pauses before each of its effects.
type operator struct {
	env      *environment
	name     string
	skew     time.Duration // of its clock
	started  time.Time
	listing  *plan.Listing        // the newest that the process has seen
	missing  map[string]time.Time // key id: the Plan.MissingSince that the process remembers
	attempts []plan.Attempt

	due    time.Time // when the next reconcile is due
	again  bool      // something changed since the reconcile began
	fate   fate      // of the next effect
	stale  int       // how many versions the cache is behind
	before string    // the effect that it pauses before
	next   func() (string, bool)
	stop   func()
	yield  func(string) bool
}

// fate is how an effect goes.
type fate int

const (
	fine   fate = iota
	failed      // it is not done, and the answer says so
	lost        // it is done, and the answer is lost
)

type crash struct{}

func (o *operator) clock() time.Time { return o.env.now.Add(o.skew) }

// restart ends one process and begins the next.
func (o *operator) restart() {
	o.end()
	o.started, o.listing, o.missing, o.attempts = o.clock(), nil, map[string]time.Time{}, nil
	o.due = o.env.now
}

func (o *operator) end() {
	if o.stop != nil {
		o.stop()
	}
	o.next, o.stop = nil, nil
}

// step continues a reconcile to its next pause, or begins one.
func (o *operator) step(f fate) {
	if o.next == nil {
		o.again = false
		o.next, o.stop = iter.Pull(func(yield func(string) bool) {
			defer func() {
				if reason := recover(); reason != nil && reason != (crash{}) {
					panic(reason)
				}
			}()
			o.yield = yield
			o.reconcile()
		})
	}
	o.fate = f
	before, more := o.next()
	if o.before = before; !more {
		o.end()
		if o.again {
			o.due = o.env.now
		}
	}
}

// run continues a reconcile to its end, or runs a whole one.
func (o *operator) run() {
	for o.step(fine); o.next != nil; {
		o.step(fine)
	}
}

// effect pauses, and then does something, whose answer fate decides.
func (o *operator) effect(what string, do func() error) error {
	if !o.yield(what) {
		panic(crash{})
	}
	o.env.advance(time.Millisecond)
	var err error
	switch o.fate {
	case failed:
		err = errRefused
	case lost:
		_ = do()
		err = errUnknown
	default:
		err = do()
	}
	o.fate = fine
	if err == nil {
		o.env.logf("%s: %s", o.name, what)
	} else {
		o.env.logf("%s: %s: %s", o.name, what, err)
	}
	o.env.check()
	return err
}

// ask is a request to Cognigy.
func (o *operator) ask(what string, do func() error) error {
	if err := o.effect(what, do); err != nil {
		return cognigyError{err}
	}
	return nil
}

// cognigyError is worth a report, in contrast to what Kubernetes has to say.
type cognigyError struct{ error }

func (e cognigyError) Unwrap() error { return e.error }
