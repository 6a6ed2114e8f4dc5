// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package flux

import (
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/deployed"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// As long as the operator does not run, nothing that needs it is applied.
func (s *scenario) installsOperatorFirst(t *testing.T) {
	push(t, s.reference, s.files)
	s.execute(t, s.page.commands["Credentials"][0])
	s.execute(t, s.page.commands["Kustomizations"][0])
	s.Await(func(g Gomega) {
		g.Expect(condition(s.read(g, kustomizationKind, operator), "Healthy").Message).To(HavePrefix("Running health checks"))
	})
	s.Expect(s.refused(connections, "DependencyNotReady")).To(Equal("dependency 'flux-system/cognigy-operator' is not ready"))
	found := &v1alpha1.CognigyConnectionList{} // which is served by now
	s.Expect(cluster.List(s.Context, found)).To(Succeed())
	s.Expect(found.Items).To(BeEmpty())
}

// A connection whose credentials do not exist yet is no failure.
func (s *scenario) waitsForCredentials(*testing.T) {
	kubelet := &deployed.Kubelet{
		Cluster: &deployed.Cluster{ControlPlane: plane, Client: cluster}, Binary: binary, Binaries: map[string]string{earlierImage: earlier.Binary}, Operate: true,
	}
	kubelet.Start(s.whole)
	s.Await(func(g Gomega) {
		found := &v1alpha1.CognigyConnection{ObjectMeta: s.Meta(fixtures.ConnectionName)}
		g.Expect(cluster.Get(s.Context, client.ObjectKeyFromObject(found), found)).To(Succeed())
		g.Expect(found.Status.Conditions).To(ContainElement(HaveField("Reason", v1alpha1.ReasonCredentialsNotFound)))
		g.Expect(condition(s.read(g, kustomizationKind, connections), "Ready")).To(HaveField("Status", "Unknown"))
	})
	s.Expect(s.refused(keys, "DependencyNotReady")).To(Equal("dependency 'flux-system/crm-connection' is not ready"))
}

// The Secret that Pods read exists before the workload does.
func (s *scenario) deliversBeforeWorkload(t *testing.T) {
	s.execute(t, s.page.commands["Credentials"][1])
	s.applied("", operator, connections, keys, workload)
	s.Expect(s.Posts()).To(Equal(1))
	key := s.AwaitDelivered(s.key("crm"), 1)
	deployment := &appsv1.Deployment{ObjectMeta: s.Meta("crm")}
	s.Expect(cluster.Get(s.Context, client.ObjectKeyFromObject(deployment), deployment)).To(Succeed())
	s.Expect(deployment.Status.ReadyReplicas).To(BeEquivalentTo(1))
	s.Expect(s.Secret(key).CreationTimestamp.Time).NotTo(BeTemporally(">", deployment.CreationTimestamp.Time))
}
