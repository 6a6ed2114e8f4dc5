// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"os"
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// contested are the stories in which two leaders could do the most harm.
var contested = []string{
	"first issue", "Secret deleted", "rotation", "deletion", "deletion before the POST", "deleted and recreated",
	"retained during the issue", "Secret of somebody else, at the last moment",
}

// TestLeaders pauses the leader in the middle of what it does, at every effect, for longer than its lease lasts. Another takes
// over and brings the story to its end. Then the first one wakes up, finds the answer to what it asked for, and goes on until it
// learns that it does not lead any more. A sample does so at every
// third effect.
func TestLeaders(t *testing.T) {
	t.Parallel()
	total := newFigures()
	t.Cleanup(func() {
		total.judge(t)
		publish(t, total)
	})
	for i := range stories {
		story := &stories[i]
		if !slices.Contains(contested, story.name) {
			continue
		}
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			points, acted := tell(t, story, nil, newFigures())
			if t.Failed() {
				return
			}
			for _, p := range every(points[acted:], i) {
				t.Run(p.String(), func(t *testing.T) {
					t.Parallel()
					tellContested(t, story, &crash{p, unawares}, total)
				})
			}
		})
	}
}

// every returns all points, or for a sample every third.
func every(points []point, first int) []point {
	if os.Getenv(allMoments) != "" {
		return points
	}
	var some []point
	for i := first % 3; i < len(points); i += 3 {
		some = append(some, points[i])
	}
	return some
}

// tellContested tells a story with two operators, of which the first is paused.
func tellContested(t *testing.T, story *story, c *crash, total *figures) {
	t.Helper()
	w := newWorld(t, story)
	defer func() { total.add(story.name, w.countCrash(c, 0, total)) }()
	w.permitLeases()
	w.flags = []string{"--leader-elect", "--namespace=" + w.namespace}
	w.gate.strike = func() { w.leader().Pause() }
	w.begin(func() { w.gate.arm(c) })
	w.Eventually(w.holder).WithTimeout(patience).WithPolling(poll).ShouldNot(BeEmpty())
	first := w.leader()
	w.start()
	if w.crashed = w.crashes(); w.crashed {
		holder := w.holder()
		w.Eventually(w.holder).WithTimeout(patience).WithPolling(poll).ShouldNot(Or(BeEmpty(), Equal(holder)))
		w.Eventually(w.ended).WithTimeout(patience).WithPolling(poll).Should(Succeed())
		w.gate.remember("the first leader wakes up")
		w.dismiss(first)
		first.Resume()
	}
	w.converges()
	w.kill()
	w.sentence()
}

// leader is the operator that was started first.
func (w *world) leader() *testbed.Process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.operators[0]
}

// dismiss lets an operator end by itself. One that learns that it does not lead does.
func (w *world) dismiss(operator *testbed.Process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.operators = slices.DeleteFunc(w.operators, func(p *testbed.Process) bool { return p == operator })
	w.t.Cleanup(operator.Kill)
}

// holder is who holds the lease; empty if nobody does.
func (w *world) holder() string {
	lease := &coordinationv1.Lease{}
	err := cluster.Get(w.ctx, types.NamespacedName{Namespace: w.namespace, Name: "cognigy-operator.io"}, lease)
	if err != nil || lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *lease.Spec.HolderIdentity
}

// permitLeases lets the operators of this world have a lease of their own, in its namespace.
func (w *world) permitLeases() {
	role := &rbacv1.Role{ObjectMeta: w.meta("leases"), Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"*"}},
		{APIGroups: []string{"", "events.k8s.io"}, Resources: []string{"events"}, Verbs: []string{"*"}},
	}}
	w.create(role)
	w.create(&rbacv1.RoleBinding{
		ObjectMeta: w.meta("leases"),
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
		Subjects: []rbacv1.Subject{{
			Kind: rbacv1.ServiceAccountKind, Namespace: installation.Namespace, Name: installation.ServiceAccount,
		}},
	})
}
