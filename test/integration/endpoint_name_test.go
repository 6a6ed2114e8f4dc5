// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"net/http"
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// byName has a resource name an Endpoint by its project and its name.
func byName(endpoint simulator.Endpoint) func(*v1alpha1.EndpointAPIKey) {
	return func(key *v1alpha1.EndpointAPIKey) {
		key.Spec.Endpoint = fixtures.ReferenceByName(endpoint)
	}
}

// rename gives an Endpoint another name in Cognigy.
func (e *environment) rename(endpoint simulator.Endpoint, name string) {
	e.Cognigy.EditEndpoint(endpoint.ID, func(edited *simulator.Endpoint) { edited.Name = name })
}

// awaitOn waits until a resource has one key, which is on an Endpoint.
func (e *environment) awaitOn(key *v1alpha1.EndpointAPIKey, endpoint simulator.Endpoint) {
	GinkgoHelper()
	e.Expect(e.AwaitDelivered(key, 1).Status.EndpointID).To(Equal(endpoint.ID))
	e.Expect(e.LiveKeys(key)).To(HaveEach(HaveField("EndpointID", endpoint.ID)))
}

// saysOfName waits until a resource that is ready says why its name does not mean its Endpoint any more.
func (e *environment) saysOfName(key *v1alpha1.EndpointAPIKey, reason string, says ...string) {
	GinkgoHelper()
	e.Await(func(g Gomega) {
		found := e.Read(key)
		g.Expect(fixtures.Kstatus(g, found)).To(Equal(status.CurrentStatus))
		changed := meta.FindStatusCondition(found.Status.Conditions, v1alpha1.ConditionEndpointChanged)
		g.Expect(changed).To(HaveValue(And(HaveField("Reason", reason), HaveField("Status", metav1.ConditionTrue))))
		for _, text := range says {
			g.Expect(changed.Message).To(ContainSubstring(text))
		}
	})
}

var _ = Describe("An EndpointAPIKey that names its Endpoint", Label("name"), func() {
	It("gets a key for the one Endpoint of the project that has exactly this name", func() {
		e := newEnvironmentWith(simulator.Options{TLS: true, RequireProject: true})
		for _, name := range []string{"webhook", "Webhook ", "Webhook 2", "My Webhook"} {
			e.Cognigy.AddEndpoint(e.Endpoint.ProjectID, name)
		}
		e.Cognigy.AddEndpoint("64f0c0ffee00000000000002", e.Endpoint.Name)
		key := e.Key(byName(e.Endpoint))
		e.Create(key)
		e.awaitOn(key, e.Endpoint)
		e.Expect(e.Secret(key).Annotations[v1alpha1.EndpointIDAnnotation]).To(Equal(e.Endpoint.ID))
		e.Expect(e.Posts()).To(Equal(1))
		e.remains(func(g Gomega) {
			g.Expect(meta.FindStatusCondition(e.Read(key).Status.Conditions, v1alpha1.ConditionEndpointChanged)).To(BeNil())
		})
		e.Delete(key)
		e.AwaitGone(key)
	})

	It("gets none while several Endpoints have the name, and names them", func() {
		e := newEnvironment()
		other := e.Cognigy.AddEndpoint(e.Endpoint.ProjectID, e.Endpoint.Name)
		key := e.Key(byName(e.Endpoint))
		e.Create(key)
		e.reports(key, v1alpha1.ReasonEndpointAmbiguous, status.FailedStatus, e.Endpoint.ID, other.ID)
		e.Expect(e.Posts()).To(BeZero())
		e.rename(e.Endpoint, "Another")
		e.awaitOn(key, other)
	})

	It("gets none while no Endpoint has the name, and names those that resemble it", func() {
		e := newEnvironment()
		wanted := e.Endpoint
		wanted.Name = strings.ToUpper(e.Endpoint.Name) + " "
		key := e.Key(byName(wanted))
		e.Create(key)
		e.reports(key, v1alpha1.ReasonEndpointNotFound, status.FailedStatus, e.Endpoint.ID)
		e.Expect(e.Posts()).To(BeZero())
		e.awaitOn(key, e.Cognigy.AddEndpoint(e.Endpoint.ProjectID, wanted.Name))
	})

	It("stays with its Endpoint when that is renamed, and says what the name means", func() {
		e := newEnvironment()
		key := e.issued(byName(e.Endpoint))
		e.rename(e.Endpoint, "Renamed")
		e.saysOfName(key, v1alpha1.ReasonEndpointNotFound, e.Endpoint.ID, "no Endpoint of its project")
		other := e.Cognigy.AddEndpoint(e.Endpoint.ProjectID, e.Endpoint.Name)
		e.saysOfName(key, v1alpha1.ReasonEndpointChanged, e.Endpoint.ID, other.ID)
		first := e.Read(key).Status.KeyID
		e.rotate(key, 0)
		e.Await(func(g Gomega) { g.Expect(e.Read(key).Status.KeyID).NotTo(Equal(first)) })
		e.awaitOn(key, e.Endpoint)

		// What is reported outlives a restart, without a list.
		e.restartOperator()
		e.saysOfName(key, v1alpha1.ReasonEndpointChanged)
		e.rename(other, "Another")
		e.rename(e.Endpoint, e.Endpoint.Name)
		e.Await(func(g Gomega) {
			g.Expect(meta.FindStatusCondition(e.Read(key).Status.Conditions, v1alpha1.ConditionEndpointChanged)).To(BeNil())
		})
	})

	It("follows no Endpoint that is created anew with the name", func() {
		e := newEnvironment()
		key := e.issued(byName(e.Endpoint))
		e.Cognigy.RemoveEndpoint(e.Endpoint.ID)
		again := e.Cognigy.AddEndpoint(e.Endpoint.ProjectID, e.Endpoint.Name)
		e.reports(key, v1alpha1.ReasonEndpointNotFound, status.FailedStatus, e.Endpoint.ID)
		e.Await(func(g Gomega) {
			g.Expect(meta.FindStatusCondition(e.Read(key).Status.Conditions, v1alpha1.ConditionEndpointChanged)).
				To(HaveValue(HaveField("Message", ContainSubstring(again.ID))))
		})
		e.Delete(e.Secret(key))
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(1)) })
		e.Delete(key)
		e.AwaitGone(key)
		successor := e.Key(byName(e.Endpoint))
		e.Create(successor)
		e.awaitOn(successor, again)
	})

	It("is told by the Secret's record where its key is when the status is cleared", func() {
		e := newEnvironment()
		key := e.issued(byName(e.Endpoint))
		e.rename(e.Endpoint, "Renamed")
		e.Cognigy.AddEndpoint(e.Endpoint.ProjectID, e.Endpoint.Name)
		e.changeStatus(key, cleared)
		e.awaitOn(key, e.Endpoint)
		e.Expect(e.Posts()).To(Equal(1))
	})

	It("says that the operator may not list the project's Endpoints, and gets its key once it may", func() {
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		e.Cognigy.Inject(simulator.Fault{Method: http.MethodGet, Route: simulator.RouteEndpoints, Kind: simulator.FaultStatus, Status: 403, Code: 403})
		key := e.Key(byName(e.Endpoint))
		e.Create(key)
		e.reports(key, v1alpha1.ReasonForbidden, status.FailedStatus, "cannot list the Endpoints of the project")
		e.Expect(e.Posts()).To(BeZero())
		e.Cognigy.ClearFaults()
		e.awaitOn(key, e.Endpoint)
	})
})
