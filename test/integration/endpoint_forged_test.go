// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// changeStatus edits the status of a resource.
func (e *environment) changeStatus(key *v1alpha1.EndpointAPIKey, edit func(*v1alpha1.EndpointAPIKeyStatus)) {
	GinkgoHelper()
	e.Eventually(func() error {
		found := e.Read(key)
		edit(&found.Status)
		return cluster.Status().Update(e.Context, found)
	}).WithTimeout(patience).Should(Succeed())
}

func cleared(status *v1alpha1.EndpointAPIKeyStatus) { *status = v1alpha1.EndpointAPIKeyStatus{} }

func reporting(endpointID string) func(*v1alpha1.EndpointAPIKeyStatus) {
	return func(status *v1alpha1.EndpointAPIKeyStatus) { status.EndpointID = endpointID }
}

// whatTells are what may be left of which Endpoint a resource's key is on, when its Secret is gone.
var whatTells = []TableEntry{
	Entry("the Secret is gone", func(*environment, *v1alpha1.EndpointAPIKey, simulator.Endpoint) {}),
	Entry("the Secret is gone, and the status is cleared", func(e *environment, key *v1alpha1.EndpointAPIKey, _ simulator.Endpoint) {
		e.changeStatus(key, cleared)
	}),
	Entry("the Secret is gone, and the status names another Endpoint",
		func(e *environment, key *v1alpha1.EndpointAPIKey, other simulator.Endpoint) {
			e.changeStatus(key, reporting(other.ID))
		}),
}

var _ = Describe("An EndpointAPIKey that names its Endpoint", Label("name", "security"), func() {
	DescribeTable("is healed on the Endpoint that its keys are on when", func(harm func(*environment, *v1alpha1.EndpointAPIKey, simulator.Endpoint)) {
		e := newEnvironment()
		other := e.Cognigy.AddEndpoint(e.Endpoint.ProjectID, "Another")
		key := e.issued(byName(e.Endpoint))
		e.stopOperator()
		e.Delete(e.Secret(key))
		harm(e, key, other)
		e.restartOperator()
		e.Await(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
		e.awaitOn(key, e.Endpoint)
	}, whatTells)

	It("is healed on its Endpoint although that was renamed", func() {
		e := newEnvironment()
		key := e.issued(byName(e.Endpoint))
		e.rename(e.Endpoint, "Renamed")
		e.Cognigy.AddEndpoint(e.Endpoint.ProjectID, e.Endpoint.Name)
		e.Delete(e.Secret(key))
		e.Await(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
		e.awaitOn(key, e.Endpoint)
	})

	It("is healed on its Endpoint when its Secret's record is forged to name another one, and reports no other", func() {
		e := newEnvironment()
		other := e.Cognigy.AddEndpoint(e.Endpoint.ProjectID, "Another")
		key := e.issued(byName(e.Endpoint))
		e.stopOperator()
		secret := e.Secret(key)
		e.forgeRecord(secret, key, string(secret.Data["api-key"]), func(record *delivery.Record) { record.EndpointID = other.ID })
		e.restartOperator()
		e.Await(func(g Gomega) {
			g.Expect(e.Read(key).Status.EndpointID).To(Equal(e.Endpoint.ID))
			g.Expect(e.Posts()).To(Equal(2))
		})
		e.awaitOn(key, e.Endpoint)
	})

	DescribeTable("has its key revoked with it, also when its Endpoint was renamed, another one has the name, and",
		func(harm func(*environment, *v1alpha1.EndpointAPIKey, simulator.Endpoint)) {
			e := newEnvironment()
			key := e.issued(byName(e.Endpoint))
			e.stopOperator()
			e.rename(e.Endpoint, "Renamed")
			other := e.Cognigy.AddEndpoint(e.Endpoint.ProjectID, e.Endpoint.Name)
			e.Delete(e.Secret(key))
			harm(e, key, other)
			e.Delete(key)
			e.restartOperator()
			e.AwaitGone(key)
		}, whatTells)

	// Whoever may write the Secret can compute the checksum.
	DescribeTable("gets no key for an Endpoint that its name does not mean, if", func(forge func(*environment, *v1alpha1.EndpointAPIKey, simulator.Endpoint)) {
		e := newEnvironment()
		other := e.Cognigy.AddEndpoint(e.Endpoint.ProjectID, "Another")
		key := e.issued(byName(e.Endpoint))
		e.stopOperator()
		e.Cognigy.RevokeKey(e.Read(key).Status.KeyID)
		forge(e, key, other)
		e.restartOperator()
		e.reports(key, v1alpha1.ReasonEndpointChanged, status.FailedStatus, other.ID, e.Endpoint.ID)
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(1)) })
		if secret := e.Secret(key); secret != nil {
			e.Delete(secret)
		}
		e.changeStatus(key, cleared)
		e.awaitOn(key, e.Endpoint)
	},
		Entry("the status names it, and there is no Secret", func(e *environment, key *v1alpha1.EndpointAPIKey, other simulator.Endpoint) {
			e.Delete(e.Secret(key))
			e.changeStatus(key, reporting(other.ID))
		}),
		Entry("the Secret's record names it", func(e *environment, key *v1alpha1.EndpointAPIKey, other simulator.Endpoint) {
			secret := e.Secret(key)
			e.forgeRecord(secret, key, string(secret.Data["api-key"]), func(record *delivery.Record) { record.EndpointID = other.ID })
		}),
	)
})
