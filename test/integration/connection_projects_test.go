// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"net/http"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

const closedProject = "64f0c0ffee00000000000009"

// grantProject is a grant of a project's Endpoints to all namespaces.
func grantProject(projectID string) v1alpha1.Grant {
	return v1alpha1.Grant{
		Namespaces: v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll},
		Endpoints:  v1alpha1.GrantedEndpoints{ProjectIDs: []v1alpha1.ProjectID{v1alpha1.ProjectID(projectID)}},
	}
}

var _ = Describe("The grant of a project", Serial, Label("connection", "name"), func() {
	It("opens the project's Endpoints by id and by name, those of another project not, until they leave it", func() {
		e := newEnvironment()
		closed := e.Cognigy.AddEndpoint(closedProject, e.Endpoint.Name)
		connection, _ := e.clusterConnection(granting(grantProject(e.Endpoint.ProjectID)))
		e.issued(fixtures.Named("by-name"), through(connection), byName(e.Endpoint))
		key := e.issued(fixtures.Named("by-id"), through(connection))
		for name, edit := range map[string]func(*v1alpha1.EndpointAPIKey){"closed-id": onEndpoint(closed), "closed-name": byName(closed)} {
			refused := e.Key(fixtures.Named(name), through(connection), edit)
			e.Create(refused)
			e.reports(refused, v1alpha1.ReasonConnectionNotAllowed, status.FailedStatus, "grant")
			e.Expect(e.Read(refused).Status.EndpointID).To(BeEmpty())
		}
		e.Expect(e.Posts()).To(Equal(2))

		e.Cognigy.EditEndpoint(e.Endpoint.ID, func(moved *simulator.Endpoint) { moved.ProjectID = closedProject })
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) }) // until no list is recent enough
		e.rotate(key, 0)
		e.Await(func(g Gomega) {
			blocked := meta.FindStatusCondition(e.Read(key).Status.Conditions, v1alpha1.ConditionRenewalBlocked)
			g.Expect(blocked).To(HaveValue(HaveField("Reason", v1alpha1.ReasonConnectionNotAllowed)))
		})
		e.Expect(e.Posts()).To(Equal(2))
		e.Delete(key)
		e.AwaitGone(key)
	})

	It("opens nothing while the operator may not list the project's Endpoints, and says so", func() {
		e := newEnvironment(func(spec *v1alpha1.ConnectionSpec) { spec.OrphanPolicy = v1alpha1.OrphanPolicyIgnore })
		connection, _ := e.clusterConnection(granting(grantProject(e.Endpoint.ProjectID)))
		e.Cognigy.Inject(simulator.Fault{Method: http.MethodGet, Route: simulator.RouteEndpoints, Kind: simulator.FaultStatus, Status: 403, Code: 403})
		key := e.Key(through(connection))
		e.Create(key)
		e.reports(key, v1alpha1.ReasonForbidden, status.FailedStatus, "cannot list the Endpoints of the project")
		e.Expect(e.Posts() + e.Lists()).To(BeZero())
		e.Cognigy.ClearFaults()
		e.AwaitDelivered(key, 1)
	})

	It("keeps a resource for an Endpoint of another project from having keys listed, whatever finalizer it has", func() {
		e := newEnvironment(func(spec *v1alpha1.ConnectionSpec) { spec.OrphanPolicy = v1alpha1.OrphanPolicyIgnore })
		closed := e.Cognigy.AddEndpoint(closedProject, "Closed")
		connection, _ := e.clusterConnection(granting(grantProject(e.Endpoint.ProjectID)))
		key := e.Key(through(connection), onEndpoint(closed), func(k *v1alpha1.EndpointAPIKey) { k.Finalizers = []string{v1alpha1.Finalizer} })
		e.Create(key)
		e.reports(key, v1alpha1.ReasonConnectionNotAllowed, status.FailedStatus)
		e.Delete(key)
		e.AwaitGone(key)
		e.Expect(e.Lists() + e.Posts()).To(BeZero())
	})

	It("is what it takes to learn ids of a project's Endpoints: where ids alone are granted, a name tells whether it means one of them", func() {
		e := newEnvironment()
		secret := e.Cognigy.AddEndpoint(e.Endpoint.ProjectID, "Secret")
		connection, _ := e.clusterConnection(granting(grant(v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll}, e.Endpoint)))
		e.issued(through(connection), byName(e.Endpoint))
		missing := secret
		missing.Name = "secret"
		for name, endpoint := range map[string]simulator.Endpoint{"hidden": secret, "missing": missing} {
			key := e.Key(fixtures.Named(name), through(connection), byName(endpoint))
			e.Create(key)
			message := e.reports(key, v1alpha1.ReasonConnectionNotAllowed, status.FailedStatus, endpoint.Name, endpoint.ProjectID)
			e.Expect(message).NotTo(ContainSubstring(secret.ID))
			e.Expect(e.Read(key).Status.EndpointID).To(BeEmpty())
		}
		e.Expect(e.Posts()).To(Equal(1))
	})
})
