// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"net/http"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// deleteByForce deletes a resource that the operator has not finalized: someone removes its finalizer while Cognigy cannot
// revoke.
func (e *environment) deleteByForce(key *v1alpha1.EndpointAPIKey) {
	GinkgoHelper()
	e.Cognigy.Inject(simulator.Fault{Method: http.MethodDelete, Kind: simulator.FaultStatus, Status: 503})
	e.Delete(key)
	e.Change(key, func() { key.Finalizers = nil })
	e.AwaitAbsent(key)
}

// deletionDuringIssue is what becomes of the POST meanwhile.
type deletionDuringIssue struct {
	fault    simulator.Fault
	timeouts []func(*v1alpha1.ConnectionSpec)
}

var _ = Describe("An EndpointAPIKey that is deleted in spite of its finalizer", Label("deletion"), func() {
	// There is no policy for orphans, and Cognigy was down for a while.
	It("has its key revoked, although its connection is gone", func() {
		e := newEnvironment()
		connection, key := e.Connection(), e.issued()
		e.deleteByForce(key)
		e.Delete(connection)
		e.AwaitAbsent(connection)
		e.Expect(e.LiveKeys(key)).To(HaveLen(1))
		e.Cognigy.ClearFaults()
		e.Await(func(g Gomega) {
			g.Expect(e.LiveKeys(key)).To(BeEmpty())
			g.Expect(e.Secret(key)).To(BeNil())
		})
		e.Expect(e.Cognigy.Ledger()[0].RevokedBy).To(Equal(simulator.RevokedByAPI))
	})

	DescribeTable("has the key revoked that a POST makes meanwhile:", func(test deletionDuringIssue) {
		e := newEnvironment(test.timeouts...)
		fault := test.fault
		fault.Method, fault.Route, fault.Times = http.MethodPost, simulator.RouteKeys, 1
		e.Cognigy.Inject(fault)
		key := e.Key()
		e.Create(key)
		e.Eventually(e.Posts).WithTimeout(patience).WithPolling(10 * time.Millisecond).Should(Equal(1))
		e.Change(key, func() { key.Finalizers = nil })
		e.Delete(key)
		e.AwaitAbsent(key)
		e.Await(func(g Gomega) {
			g.Expect(e.Cognigy.Ledger()).To(HaveLen(1))
			g.Expect(e.LiveKeys(key)).To(BeEmpty())
			g.Expect(e.Secret(key)).To(BeNil())
		})
	},
		Entry("the answer arrives", deletionDuringIssue{fault: simulator.Fault{Delay: 2 * time.Second}}),
		Entry("the answer is lost", deletionDuringIssue{
			fault:    simulator.Fault{Kind: simulator.FaultCommitAfterDelay, Delay: shortRequest + time.Second},
			timeouts: []func(*v1alpha1.ConnectionSpec){shortTimeouts},
		}),
	)

	It("has its key revoked beside a new resource of its name, which gets a key of its own", func() {
		e := newEnvironment()
		former := e.issued()
		e.deleteByForce(former)
		key := e.Key()
		e.Create(key)
		e.Cognigy.ClearFaults()
		e.AwaitDelivered(key, 1)
		e.Await(func(g Gomega) { g.Expect(e.LiveKeys(former)).To(BeEmpty()) })
		e.Expect(e.Posts()).To(Equal(2))
	})

	It("has its key revoked with credentials that came later", func() {
		e := newEnvironment()
		key := e.issued()
		e.deleteByForce(key)
		credentials := e.Credentials("")
		e.Cognigy.SetAPIKeys("another")
		e.Change(credentials, func() { credentials.Data = map[string][]byte{"api-key": []byte("another")} })
		e.Cognigy.ClearFaults()
		e.Await(func(g Gomega) { g.Expect(e.LiveKeys(key)).To(BeEmpty()) })
	})

	It("has its key revoked beside a suspended resource of its name", func() {
		e := newEnvironment()
		former := e.issued()
		e.deleteByForce(former)
		key := e.Key(func(k *v1alpha1.EndpointAPIKey) { k.Spec.Suspend = true })
		e.Create(key)
		e.reports(key, v1alpha1.ReasonSuspended, status.InProgressStatus)
		e.Cognigy.ClearFaults()
		e.Await(func(g Gomega) { g.Expect(e.LiveKeys(former)).To(BeEmpty()) })
		e.Expect(e.Posts()).To(Equal(1))
	})

	// A Secret whose owner reference someone removed, as kubectl delete --cascade=orphan does, keeps its key.
	It("keeps the key of a Secret whose owner reference was removed", func() {
		e := newEnvironment()
		key := e.issued()
		secret := e.Secret(key)
		value := string(secret.Data["api-key"])
		e.Change(key, func() { key.Spec.Suspend = true })
		e.Change(secret, func() { secret.OwnerReferences = nil })
		e.deleteByForce(key)
		// The operator may still be repeating what it began while the resource was there.
		deletes, since := -1, time.Now()
		e.Await(func(g Gomega) {
			if now := e.Cognigy.Count(http.MethodDelete, simulator.RouteKey); now != deletes {
				deletes, since = now, time.Now()
			}
			g.Expect(time.Since(since)).To(BeNumerically(">", quietTime))
		})
		e.Cognigy.ClearFaults()
		e.remains(func(g Gomega) {
			g.Expect(e.Secret(key)).NotTo(BeNil())
			g.Expect(e.Cognigy.Works(e.Endpoint.ID, value)).To(BeTrue())
		})
	})
})
