// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// mostOverlap is spec.rotation.maxOverlap: longer than any overlap in the model.
const mostOverlap = 30 * time.Minute

// workload is a target. Its Pods keep the key that they read from the Secret when they started.
type workload struct {
	template  string // the key that the Pod template names
	restarted string // the key that the workload itself names
	pods      []pod
}

type pod struct {
	template string
	keyID    string // "" if nobody can tell: a user had put that Secret there
}

func (w *workload) seen() plan.Target {
	if w == nil {
		return plan.Target{Name: "Deployment crm", Missing: true}
	}
	old := func(p pod) bool { return p.template != w.template }
	return plan.Target{
		Name: "Deployment crm", KeyID: w.template, Restarted: w.restarted, Complete: !slices.ContainsFunc(w.pods, old),
	}
}

// startPod starts a Pod of the workload's template, if the Secret has a key for it.
func (env *environment) startPod() (started pod, ok bool) {
	if env.secret == nil || env.secret.foreign || env.secret.broken {
		return pod{}, false
	}
	started.template = env.workload.template
	if env.secret.known {
		started.keyID = env.secret.keyID
	}
	return started, true
}

// uses reports whether a Pod of the workload uses a key.
func (env *environment) uses(keyID string) bool {
	return env.workload != nil && slices.ContainsFunc(env.workload.pods, func(p pod) bool { return p.keyID == keyID })
}

// changeWorkload makes a new version of the workload.
func (env *environment) changeWorkload(edit func(*workload)) {
	changed := *env.workload
	changed.pods = slices.Clone(changed.pods)
	edit(&changed)
	env.workload = &changed
}

// deploy makes the workload, and has the resource name it as a target.
func deploy(env *environment, _ event) {
	if env.key == nil {
		return
	}
	if env.workload == nil {
		env.logf("a user deploys the workload")
		env.workload = &workload{}
		for range 2 {
			if started, ok := env.startPod(); ok {
				env.workload.pods = append(env.workload.pods, started)
			}
		}
	}
	env.change(func(key *resource) { key.targeted = true })
}

func removeWorkload(env *environment, _ event) {
	env.logf("a user deletes the workload")
	env.workload = nil
}

// rollOut replaces one Pod of an earlier template.
func rollOut(env *environment, _ event) {
	if env.workload == nil {
		return
	}
	env.changeWorkload(func(w *workload) {
		i := slices.IndexFunc(w.pods, func(p pod) bool { return p.template != w.template })
		if started, ok := env.startPod(); ok && i >= 0 {
			env.logf("a Pod starts with %s", started.keyID)
			w.pods[i] = started
		}
	})
}

// undoRestart restores the Pod template, as a tool does that takes the whole template for its own.
func undoRestart(env *environment, _ event) {
	if env.workload != nil {
		env.logf("something restores the Pod template")
		env.changeWorkload(func(w *workload) { w.template = "" })
	}
}

// restartWorkload is the controller's: it restarts the workload if the plan says so.
func (o *operator) restartWorkload(s *scope, next plan.Plan) {
	if len(next.Restart) == 0 {
		return
	}
	keyID := s.secret.keyID
	err := o.effect("restart the workload with "+keyID, func() error {
		env := o.env
		switch {
		case env.workload == nil:
			return errNotFound
		case env.keysMade() < 2:
			env.violate("the workload is restarted with the first key")
		case env.workload.template == keyID && env.workload.restarted == keyID:
			return nil // a write that changes nothing
		}
		env.effects++
		env.changeWorkload(func(w *workload) { w.template, w.restarted = keyID, keyID })
		return nil
	})
	if err == nil && o.env.workload != nil {
		s.workload = o.env.workload
	}
}

// keysMade counts the keys that were made for the resource, or for a former owner.
func (env *environment) keysMade() int {
	made := 0
	for _, key := range env.cognigy.keys {
		if plan.HasAnyMarker(key.Name) {
			made++
		}
	}
	return made
}

// targets is what the operator sees of the targets that the resource names.
func (s *scope) targets() []plan.Target {
	if !s.key.targeted {
		return nil
	}
	return []plan.Target{s.workload.seen()}
}

// restarted reports whether the workload was restarted with the Secret's key, if it had to be.
func (env *environment) restarted() bool {
	return !env.key.targeted || env.workload == nil || !env.secret.replacement || env.workload.restarted == env.secret.keyID ||
		env.workload.template == env.secret.keyID
}
