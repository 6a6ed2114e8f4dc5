// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"net/http"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

var _ = Describe("An installation that is limited to namespaces", Serial, Label("connection"), func() {
	// Two installations that probe one connection, each with credentials of its own, overwrite each other's reports.
	It("writes nothing to a ClusterCognigyConnection, and says to resources that it does not serve it", func() {
		e := newEnvironment()
		connection, credentials := e.clusterConnection()
		key := e.Read(e.issued(through(connection), fixtures.Named("served")))
		e.stopOperator()
		e.Expect(cluster.Get(e.Context, clientKey(connection), connection)).To(Succeed())
		e.Change(connection, func() { connection.Spec.RateLimit = &v1alpha1.RateLimit{RequestsPerSecond: 7} })
		e.Change(credentials, func() { credentials.Data = nil })

		runOperator([]string{e.Namespace})
		late := e.Key(through(connection), fixtures.Named("late"))
		e.Create(late)
		e.reports(late, v1alpha1.ReasonConnectionNotAllowed, status.FailedStatus, "--cluster-connections")
		e.orphan(e.Endpoint)
		e.remains(func(g Gomega) {
			found := connection.DeepCopy()
			g.Expect(cluster.Get(e.Context, clientKey(found), found)).To(Succeed())
			g.Expect(found.ResourceVersion).To(Equal(connection.ResourceVersion))
			g.Expect(e.LiveKeys(key)).To(HaveLen(1))
		})
		e.Delete(connection)
		e.Delete(credentials)
		e.Delete(late)
		e.AwaitGone(late)
		e.remains(func(g Gomega) {
			for _, kept := range []client.Object{connection, credentials} {
				g.Expect(cluster.Get(e.Context, clientKey(kept), kept)).To(Succeed())
				g.Expect(kept.GetFinalizers()).To(ConsistOf(v1alpha1.InUseFinalizer))
			}
			g.Expect(fixtures.Conditions(connection)).NotTo(ContainElement(HaveField("Type", v1alpha1.ConditionInUse)))
		})
		e.Expect(e.Posts()).To(Equal(1))
		e.Expect(e.Cognigy.Count(http.MethodDelete, simulator.RouteKey)).To(BeZero())
	})
})
