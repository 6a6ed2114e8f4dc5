// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

var (
	errConflict = errors.New("conflict")
	errNotFound = errors.New("not found")
	errRefused  = errors.New("refused")  // it was not done
	errUnknown  = errors.New("unknown")  // it may have been done
	errLate     = errors.New("too late") // it was not tried
	errGone     = errors.New("gone")     // Cognigy's own word
)

// resource is one version of the EndpointAPIKey. Versions are values.
type resource struct {
	version                                int
	deleting, retain, suspended, protected bool
	requested, handled                     int
	rotation                               plan.Rotation
	status                                 status
}

// status is what the operator keeps there.
type status struct {
	intent    time.Time
	keyID     string
	issuedAt  time.Time // in whole seconds
	retiresAt time.Time
}

// secret is one version of the Secret.
type secret struct {
	version   int
	foreign   bool
	broken    bool // emptied or altered
	keyID     string
	issuedAt  time.Time
	wroteOver string // the key that this one was written over
}

func (s *secret) seen() plan.Secret {
	switch {
	case s == nil:
		return plan.Secret{State: plan.SecretAbsent}
	case s.foreign:
		return plan.Secret{State: plan.SecretForeign}
	default:
		return plan.Secret{
			State: plan.SecretOurs, Intact: !s.broken, KeyID: s.keyID, EndpointID: endpointID, IssuedAt: s.issuedAt,
			Head: s.keyID, Tail: s.keyID,
		}
	}
}

// world is a cluster with one resource, a Cognigy, and two operators that both believe they lead. Everything that happens in
// it is atomic; what can come in between is what an event list says.
type world struct {
	now       time.Time
	trace     []string
	violation string
	quirks    quirks

	key       *resource // nil: gone
	old       []*resource
	secret    *secret // nil: absent
	versions  int
	excused   bool // the resource went with deletionPolicy Retain, or somebody removed the finalizer by hand
	stripped  bool // somebody removed the finalizer by hand, and it is not back yet
	cognigy   cognigy
	operators [2]*operator
	effects   int // writes to Kubernetes or Cognigy by operators
}

func newWorld(cognigySkew, operatorSkew time.Duration) *world {
	w := &world{now: start, cognigy: cognigy{skew: cognigySkew}}
	w.key = &resource{version: w.version()}
	stranger := &post{name: "Somebody's " + marker + " elsewhere", deadline: start}
	w.commit(stranger)
	for i := range w.operators {
		w.operators[i] = &operator{world: w, name: string(rune('A' + i))}
		w.operators[i].restart()
	}
	w.operators[1].skew = operatorSkew
	return w
}

func (w *world) version() int {
	w.versions++
	return w.versions
}

func (w *world) logf(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf("%7.2fs  %s", w.now.Sub(start).Seconds(), fmt.Sprintf(format, args...)))
}

// violate records the first violation.
func (w *world) violate(format string, args ...any) {
	if w.violation == "" {
		w.violation = fmt.Sprintf(format, args...)
	}
}

func (w *world) story() string {
	return w.violation + "\n" + strings.Join(w.trace, "\n")
}

// change makes a new version of the resource; operators hear of it unless it is only the status.
func (w *world) change(edit func(*resource)) {
	changed := *w.key
	edit(&changed)
	quiet := changed
	quiet.status, quiet.handled = w.key.status, w.key.handled
	if quiet != *w.key {
		w.notify()
	}
	changed.version = w.version()
	w.old = append(w.old, w.key)
	w.key = &changed
	w.stripped = w.stripped && !changed.protected
	if changed.deleting && !changed.protected {
		w.excused = w.excused || w.stripped
		w.key = nil
	}
}

// put replaces the Secret; nil removes it.
func (w *world) put(s *secret) {
	if s != nil {
		s.version = w.version()
	}
	w.secret = s
	w.notify()
}

func (w *world) notify() {
	for _, o := range w.operators {
		if o != nil {
			o.due = w.now
			o.again = true
		}
	}
}

// patch changes the resource if it is still as it was read.
func (w *world) patch(read *resource, edit func(*resource)) error {
	switch {
	case w.key == nil:
		return errNotFound
	case w.key.version != read.version:
		return errConflict
	}
	w.effects++
	w.change(edit)
	return nil
}

// write creates the Secret, or updates it if it is still as it was read.
func (w *world) write(read *secret, written *secret, dryRun bool) error {
	switch {
	case read == nil && w.secret != nil, read != nil && w.secret != nil && w.secret.version != read.version:
		return errConflict
	case read != nil && w.secret == nil:
		return errNotFound
	case dryRun:
		return nil
	}
	if w.secret != nil && w.secret.foreign {
		w.violate("S2: a foreign Secret was written over")
	}
	if written != nil && read != nil && !read.broken {
		written.wroteOver = read.keyID
	}
	w.effects++
	w.put(written)
	return nil
}

// check looks for what must never be.
func (w *world) check() {
	live := w.live()
	switch {
	case len(live) == 0:
	case w.key == nil && !w.excused:
		w.violate("S1: the resource is gone, and %s works", live[0].ID)
	case w.key != nil && !w.key.protected && !w.stripped:
		w.violate("S1: there is no finalizer, and %s works", live[0].ID)
	}
}
