// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"time"
)

// Target is a workload that restarts with each key that replaces another.
type Target struct {
	Name       string // such as "Deployment crm"
	Missing    bool   // it does not exist, so that it has no Pods that use a key
	Unreadable bool   // the operator could not read it; nothing below is known
	KeyID      string // of the key that its Pod template names; "" if it names none
	Restarted  string // the id of the key with which the operator restarted it last, as the workload says; "" if it never did
	Complete   bool   // every Pod of it is made from its present template, and those of earlier ones are gone
}

const (
	// shortestRolloutCheck and longestRolloutCheck bound the time between two looks at workloads that restart. It grows with the time since
	// the key was issued.
	shortestRolloutCheck = 5 * time.Second
	longestRolloutCheck  = time.Minute
)

// issueReplaces reports whether workloads may have read another key than the one that is issued now. Only the first delivery of a
// resource is certain to be none: nobody can have read a key before it.
func (o Observed) issueReplaces(retire []RetiringKey) bool {
	return o.Secret.State == SecretOurs || o.Reported.KeyID != "" || len(retire) > 0
}

// recordReplaces reports whether workloads may have read another key of this resource than the Secret's, which a new record names. What
// workloads of a former owner do with keys of its own is not this resource's concern: taking over its key restarts nothing.
func (o Observed) recordReplaces(retire []RetiringKey) bool {
	if o.Secret.FormerUID == "" {
		return o.Secret.Replacement || len(retire) > 0
	}
	return slices.ContainsFunc(retire, func(replaced RetiringKey) bool { return replaced.FormerUID == "" })
}

// targets returns the targets that have to run with the Secret's key, which replaced another one.
func (o Observed) targets() []Target {
	// mutation: restart-with-first-key
	if !o.recorded() || o.Secret.FormerUID != "" || !o.Secret.Replacement {
		return nil
	}
	return o.Targets
}

// toRestart returns the targets to restart. Each restarts once with a key: if something removes the key's id from the Pod template after
// that, another restart would begin a fight in which the workload never comes to rest.
func (o Observed) toRestart() []string {
	return names(o.targets(), func(target Target) bool {
		// mutation: restart-again
		again := target.Restarted == o.Secret.KeyID
		return !target.Missing && !target.Unreadable && target.KeyID != o.Secret.KeyID && !again
	})
}

// behind returns the targets that do not run with the Secret's key, as far as the operator knows, and those that are missing.
func (o Observed) behind() []string {
	return names(o.targets(), func(target Target) bool { return target.Missing || o.isBehind(target) })
}

// isBehind reports whether Pods of a target may use another key than the Secret's. A target that does not exist has none.
func (o Observed) isBehind(target Target) bool {
	return !target.Missing && (target.KeyID != o.Secret.KeyID || !target.Complete)
}

// holding returns the targets for which replaced keys work longer than their overlap. An overlap of zero is for a key that leaked: no
// workload holds it.
func (o Observed) holding() []string {
	// mutation: hold-leaked-key
	if o.Rotation.Overlap == 0 {
		return nil
	}
	return names(o.targets(), o.isBehind)
}

// overlap is how long a replaced key works.
func (o Observed) overlap() time.Duration {
	// mutation: revoke-during-rollout
	if len(o.holding()) > 0 {
		// mutation: bound-overlap
		return max(o.Rotation.MaxOverlap, o.Rotation.Overlap)
	}
	return o.Rotation.Overlap
}

// rolloutCheckAt is when to look at the targets again; zero if none is behind, or if no replaced key waits for one that is by now.
func (o Observed) rolloutCheckAt(now time.Time) time.Time {
	age := now.Sub(o.Secret.IssuedAt)
	if !slices.ContainsFunc(o.targets(), o.isBehind) || age >= max(o.Rotation.MaxOverlap, o.Rotation.Overlap) {
		return time.Time{}
	}
	return now.Add(min(max(age/4, shortestRolloutCheck), longestRolloutCheck))
}

func names(targets []Target, chosen func(Target) bool) []string {
	var names []string
	for _, target := range targets {
		if chosen(target) {
			names = append(names, target.Name)
		}
	}
	return names
}
