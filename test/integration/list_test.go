// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// crowd makes as many keys of one name on the environment's Endpoint.
func (e *environment) crowd(count int, name string) (made []simulator.Entry) {
	for range count {
		entry, _ := e.Cognigy.AddKey(e.Endpoint.ID, name)
		made = append(made, entry)
	}
	return made
}

// Whoever may create keys in Cognigy decides how long an Endpoint's list is.
var _ = Describe("A long list of an Endpoint's keys", Label("deletion"), func() {
	It("does not keep an EndpointAPIKey from being checked and deleted", func() {
		e := newEnvironment()
		others := e.crowd(100, strings.Repeat("n", 60_000))
		key := e.issued()
		first := e.Read(key).Status.KeyID
		e.Cognigy.RevokeKey(first)
		e.Await(func(g Gomega) { g.Expect(e.Read(key).Status.KeyID).NotTo(Equal(first)) })
		e.Delete(key)
		e.AwaitGone(key)
		e.Expect(e.Cognigy.Live(e.Endpoint.ID)).To(HaveLen(len(others)))
	})

	It("keeps no EndpointAPIKey from being rotated and deleted if it is another namespace's keys that are too many", func() {
		e := newEnvironment()
		marker := plan.Marker(e.ClusterUID, plan.Owner{Namespace: "neighbour", UID: "gone"})
		e.crowd(9000, strings.Repeat("n", 1000)+" "+marker)
		key := e.issued()
		first := e.Read(key).Status.KeyID
		e.rotate(key, 0)
		e.Await(func(g Gomega) {
			g.Expect(e.Read(key).Status.KeyID).NotTo(Equal(first))
			g.Expect(e.Cognigy.Live(e.Endpoint.ID)).To(HaveLen(9001))
		})
		e.Delete(key)
		e.AwaitGone(key)
		e.Expect(e.Cognigy.Live(e.Endpoint.ID)).To(HaveLen(9000))
	})

	// They cannot be told from keys of the operator's.
	It("holds up deletions if forged names make it too long, until a scan or someone else revokes the orphans among them", func() {
		e := newEnvironment()
		forged := e.crowd(9000, strings.Repeat("n", 1000)+" "+e.Marker("gone"))
		key := e.issued()
		e.Await(func(g Gomega) {
			g.Expect(e.Read(key).Status.Conditions).To(ContainElement(And(
				HaveField("Type", v1alpha1.ConditionRenewalBlocked), HaveField("Reason", v1alpha1.ReasonTooManyKeys))))
		})
		e.Delete(key)
		e.reports(key, v1alpha1.ReasonTooManyKeys, status.TerminatingStatus, "orphanPolicy: Revoke")
		e.awaitOrphans(e.Connection(), 1000)
		for _, entry := range forged {
			e.Cognigy.RevokeKey(entry.ID)
		}
		e.AwaitGone(key)
		e.Expect(e.Cognigy.Live(e.Endpoint.ID)).To(BeEmpty())
	})
})
