// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/tools/events"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// hurriedClock goes on whenever it is read, so that everything seems to take long.
type hurriedClock struct{ *testclock.FakePassiveClock }

func (c hurriedClock) Now() time.Time {
	c.SetTime(c.FakePassiveClock.Now().Add(15 * time.Second))
	return c.FakePassiveClock.Now()
}

// withoutScan returns a connection that is usable and was not scanned yet.
func withoutScan(e *fixtures.Environment, name string) *v1alpha1.CognigyConnection {
	GinkgoHelper()
	found := e.Connection()
	found.Name = name
	e.Await(func(g Gomega) {
		g.Expect(cluster.Get(e.Context, clientKey(found), found)).To(Succeed())
		found.Status.OrphanScan = nil
		g.Expect(cluster.Status().Update(e.Context, found)).To(Succeed())
	})
	return found
}

var _ = Describe("The scan of many Endpoints of a slow Cognigy", Label("orphans"), func() {
	It("yields its worker again and again, goes on where it was, and is the only one of its namespace", func() {
		const endpoints = 10
		e := newEnvironment()
		neighbour, second := e.Neighbour(), e.Connection()
		second.Name = "second"
		e.Create(second)
		for _, connection := range []*v1alpha1.CognigyConnection{e.Connection(), second, neighbour.Connection()} {
			e.AwaitReady(connection)
		}
		e.stopOperator()
		for range endpoints - 1 {
			e.Cognigy.AddEndpoint("project", "another")
		}
		e.AddKey(e.Endpoint.ID, plan.Marker("another", plan.Owner{Namespace: e.Namespace, UID: "gone"}))
		first, second, other := withoutScan(e.Environment, fixtures.ConnectionName), withoutScan(e.Environment, "second"),
			withoutScan(neighbour, fixtures.ConnectionName)

		r := scanner(cluster, events.NewFakeRecorder(16), hurriedClock{testclock.NewFakePassiveClock(time.Now().Add(time.Hour))})
		scan := func(connection *v1alpha1.CognigyConnection) (again time.Duration, lists int) {
			before := e.Lists()
			result, err := r.Reconcile(e.Context, ctrl.Request{NamespacedName: clientKey(connection)})
			e.Expect(err).NotTo(HaveOccurred())
			return result.RequeueAfter, e.Lists() - before
		}
		again, total := scan(first)
		e.Expect(total).To(BeNumerically("<", endpoints))
		e.Expect(again).To(BeNumerically("<", time.Second))
		_, lists := scan(second)
		e.Expect(lists).To(BeZero(), "one scan of a namespace at a time")
		_, lists = scan(other)
		e.Expect(lists).To(BeNumerically(">", 0), "another namespace is scanned meanwhile")
		for again < time.Second {
			again, lists = scan(first)
			total += lists
		}
		e.Expect(total).To(Equal(endpoints+1), "each Endpoint once, and that of the orphan once more")
		e.awaitOrphans(first, 1)
		_, lists = scan(second)
		e.Expect(lists).To(BeNumerically(">", 0))
	})
})
