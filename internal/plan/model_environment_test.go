// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
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
)

// resource is one version of the EndpointAPIKey. Versions are values.
type resource struct {
	version                      int
	deletingSince                time.Time // in whole seconds
	retain, suspended, protected bool
	requested, handled           int
	rotation                     plan.Rotation
	targeted                     bool // rolloutRestartTargets names the workload
	status                       status
}

func (r *resource) deleting() bool { return !r.deletingSince.IsZero() }

// status is what the operator keeps there.
type status struct {
	intent       time.Time
	intentSecret string // the version of the Secret before the attempt
	keyID        string
	issuedAt     time.Time // in whole seconds
	retiring     []plan.RetiringKey
	unsettled    time.Time
	former       bool // it names the former owner
}

// secret is one version of the Secret.
type secret struct {
	version  int
	known    bool // an operator delivered or reported its key; nobody can tell what a user puts there for a moment only
	foreign  bool
	broken   bool // emptied or altered
	former   bool // the record names the former owner
	adopted  bool // the record says that the key was issued for the former owner
	keyID    string
	issuedAt time.Time
	retiring []plan.RetiringKey
	// replacement: workloads may have read another key before
	replacement bool
}

// holds reports whether workloads can get a key from the Secret.
func (s *secret) holds(keyID string) bool {
	return s != nil && !s.foreign && !s.broken && s.keyID == keyID
}

func (s *secret) seen() plan.Secret {
	if s == nil {
		return plan.Secret{State: plan.SecretAbsent, Version: plan.SecretAbsentVersion}
	}
	seen := plan.Secret{Version: strconv.Itoa(s.version), State: plan.SecretForeign}
	if s.foreign || s.former && s.broken {
		return seen
	}
	seen.State, seen.KeyID, seen.EndpointID, seen.IssuedAt = plan.SecretOurs, s.keyID, endpointID, s.issuedAt
	if !s.broken {
		seen.Intact, seen.Retiring, seen.Head, seen.Tail = true, s.retiring, s.keyID, s.keyID
		seen.Replacement = s.replacement
	}
	if s.former {
		seen.FormerUID = formerUID
	}
	return seen
}

// environment is a cluster with one resource, a Cognigy, and two operators that both believe they lead. Everything that happens in
// it is atomic; what can come in between is what an event list says.
type environment struct {
	now       time.Time
	trace     []string
	violation string
	quirks    quirks

	key       *resource // nil: gone
	old       []*resource
	secret    *secret   // nil: absent
	workload  *workload // nil: there is none
	backups   []*secret
	versions  int
	excused   bool            // a user removed the finalizer by hand, and the resource went
	warned    map[string]bool // keys that the operator named when it released the resource with deletionPolicy Retain; nil before
	uncertain bool            // it said then that there may be others
	stripped  bool            // a user removed the finalizer by hand, and it is not back yet
	cognigy   cognigy
	operators [2]*operator
	effects   int // writes to Kubernetes or Cognigy by operators
}

func newEnvironment(operatorSkew time.Duration, before life) *environment {
	env := &environment{now: start}
	env.key = &resource{version: env.version(), rotation: plan.Rotation{MaxOverlap: mostOverlap}}
	unowned := &post{name: "A key with " + marker + " elsewhere", deadline: start}
	env.commit(unowned)
	if before != noLife {
		env.liveBefore(before)
	}
	for i := range env.operators {
		env.operators[i] = &operator{env: env, name: string(rune('A' + i))}
		env.operators[i].restart()
	}
	env.operators[1].skew = operatorSkew
	return env
}

func (env *environment) version() int {
	env.versions++
	return env.versions
}

func (env *environment) logf(format string, args ...any) {
	env.trace = append(env.trace, fmt.Sprintf("%7.2fs  %s", env.now.Sub(start).Seconds(), fmt.Sprintf(format, args...)))
}

// violate records the first violation.
func (env *environment) violate(format string, args ...any) {
	if env.violation == "" {
		env.violation = fmt.Sprintf(format, args...)
	}
}

func (env *environment) history() string {
	return env.violation + "\n" + strings.Join(env.trace, "\n")
}

// change makes a new version of the resource; operators hear of it unless it is only the status.
func (env *environment) change(edit func(*resource)) {
	changed := *env.key
	edit(&changed)
	quiet := changed
	quiet.status, quiet.handled = env.key.status, env.key.handled
	if !reflect.DeepEqual(quiet, *env.key) {
		env.notify()
	}
	changed.version = env.version()
	env.old = append(env.old, env.key)
	env.key = &changed
	env.stripped = env.stripped && !changed.protected
	if changed.deleting() && !changed.protected {
		env.excused = env.excused || env.stripped
		env.key = nil
	}
}

// put replaces the Secret; nil removes it.
func (env *environment) put(s *secret) {
	if s != nil {
		s.version = env.version()
	}
	for _, key := range env.cognigy.keys {
		if env.secret.holds(key.ID) && env.secret.known {
			key.heldLast = env.now
		}
		key.held = key.held || s.holds(key.ID)
	}
	if s != nil && !s.foreign && !s.broken {
		env.backups = append(env.backups, s)
	}
	env.secret = s
	env.notify()
}

func (env *environment) notify() {
	for _, o := range env.operators {
		if o != nil {
			o.due = env.now
			o.again = true
		}
	}
}

// patch changes the resource if it is still as it was read.
func (env *environment) patch(read *resource, edit func(*resource)) error {
	switch {
	case env.key == nil:
		return errNotFound
	case env.key.version != read.version:
		return errConflict
	}
	env.effects++
	env.change(edit)
	return nil
}

// write creates the Secret, or updates it if it is still as it was read.
func (env *environment) write(read *secret, written *secret, dryRun bool) error {
	switch {
	case read == nil && env.secret != nil, read != nil && env.secret != nil && env.secret.version != read.version:
		return errConflict
	case read != nil && env.secret == nil:
		return errNotFound
	case dryRun:
		return nil
	}
	if env.secret != nil && env.secret.foreign {
		env.violate("S2: a foreign Secret was written over")
	}
	env.effects++
	env.put(written)
	for _, key := range env.cognigy.keys {
		named := slices.ContainsFunc(written.named(), func(id string) bool { return id == key.ID })
		key.adopted = key.adopted || named && plan.HasMarker(key.Name, formerMarker)
		key.wasOurs = key.wasOurs || key.adopted
	}
	return nil
}

// check looks for what must never be.
func (env *environment) check() {
	live := env.live()
	switch {
	case len(live) == 0:
	case env.key == nil && env.warned != nil:
		for _, key := range live {
			if !env.uncertain && !env.warned[key.ID] && (env.secret == nil || env.secret.foreign || env.secret.keyID != key.ID) {
				env.violate("S1: the resource is gone, and %s works, which nothing names", key.ID)
			}
		}
	case env.key == nil && !env.excused:
		env.violate("S1: the resource is gone, and %s works", live[0].ID)
	case env.key != nil && !env.key.protected && !env.stripped:
		env.violate("S1: there is no finalizer, and %s works", live[0].ID)
	}
}
