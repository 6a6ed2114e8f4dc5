// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// contested are the scenarios in which two leaders could do the most harm.
var contested = []string{
	"first issue", "Secret deleted", "rotation", "deletion", "deletion before the POST", "deleted and recreated",
	"retained during the issue", "Secret of somebody else, at the last moment", "earlier Secret put back", "lost, and restored at once",
	"template changed", "first issue, of an Endpoint by name", "rotation with a rollout", "two rotations with rollouts", "rotation, when the super API key has expired",
}

// TestLeaders pauses the leader in the middle of what it does, at every effect, for longer than its lease lasts. Another takes
// over and brings the scenario to its end. Then the first one wakes up, finds the answer to what it asked for, and goes on until it
// learns that it does not lead any more. A sample pauses it at some of the effects.
func TestLeaders(t *testing.T) {
	t.Parallel()
	total := newFigures()
	t.Cleanup(func() {
		total.check(t)
		publish(t, total)
	})
	for i := range scenarios {
		scenario := &scenarios[i]
		if !slices.Contains(contested, scenario.name) {
			continue
		}
		t.Run(scenario.name, func(t *testing.T) {
			t.Parallel()
			points, acted := runScenario(t, scenario, nil, newFigures())
			if t.Failed() {
				return
			}
			for _, p := range pausePoints(points, acted, i) {
				t.Run(p.String(), func(t *testing.T) {
					t.Parallel()
					runContested(t, scenario, &crash{p, paused}, total)
				})
			}
		})
	}
}

// runContested runs a scenario with two operators, of which the first is paused.
func runContested(t *testing.T, scenario *scenario, c *crash, total *figures) {
	t.Helper()
	e := newEnvironment(t, scenario)
	defer func() { total.add(scenario.name, e.countCrash(c, 0, total)) }()
	e.permitLeases()
	e.flags = []string{"--leader-elect", "--namespace=" + e.Namespace}
	e.injector.kill = func() { e.leader().Pause() }
	e.begin(func() { e.injector.arm(c) })
	e.Eventually(e.holder).WithTimeout(patience).WithPolling(poll).ShouldNot(BeEmpty())
	first := e.leader()
	e.start()
	if e.crashed = e.crashes(); e.crashed {
		holder := e.holder()
		e.Eventually(e.holder).WithTimeout(patience).WithPolling(poll).ShouldNot(Or(BeEmpty(), Equal(holder)))
		e.Eventually(e.ended).WithTimeout(patience).WithPolling(poll).Should(Succeed())
		e.injector.remember("the first leader wakes up")
		e.dismiss(first)
		first.Resume()
	}
	e.converges()
	e.kill()
	e.checkInvariants()
}

// leader is the operator that was started first.
func (e *environment) leader() *testbed.Process {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.operators[0]
}

// dismiss lets an operator end by itself. One that learns that it does not lead does.
func (e *environment) dismiss(operator *testbed.Process) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.operators = slices.DeleteFunc(e.operators, func(p *testbed.Process) bool { return p == operator })
	e.t.Cleanup(operator.Kill)
}

// holder is the holder of the lease, or "".
func (e *environment) holder() string {
	lease := &coordinationv1.Lease{}
	err := cluster.Get(e.Context, types.NamespacedName{Namespace: e.Namespace, Name: "cognigy-operator.io"}, lease)
	if err != nil || lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *lease.Spec.HolderIdentity
}

// permitLeases lets the operators of this environment have a lease of their own, in its namespace.
func (e *environment) permitLeases() {
	role := &rbacv1.Role{ObjectMeta: e.Meta("leases"), Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"*"}},
		{APIGroups: []string{"", "events.k8s.io"}, Resources: []string{"events"}, Verbs: []string{"*"}},
	}}
	e.Create(role)
	e.Create(&rbacv1.RoleBinding{
		ObjectMeta: e.Meta("leases"),
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
		Subjects: []rbacv1.Subject{{
			Kind: rbacv1.ServiceAccountKind, Namespace: installation.Namespace, Name: installation.ServiceAccount,
		}},
	})
}
