// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// limit puts the policies for tenants into force in the environment's namespace, under limits that permit nothing, and waits until they are.
func (e *environment) limit() *corev1.Namespace {
	GinkgoHelper()
	policies, err := installation.TenantPolicies("-"+e.Namespace, corev1.LabelMetadataName, e.Namespace)
	e.Expect(err).NotTo(HaveOccurred())
	for _, policy := range policies {
		e.Create(policy)
		DeferCleanup(func() { e.Delete(policy) })
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}}
	e.Change(namespace, func() {
		namespace.Annotations = map[string]string{
			"cognigy-operator.io/allowed-endpoints": "", "cognigy-operator.io/allowed-connections": "",
			"cognigy-operator.io/allowed-deletion-policies": "", "cognigy-operator.io/shortest-rotation": "8760h",
			"cognigy-operator.io/longest-rotation": "1h", "cognigy-operator.io/longest-overlap": "0s",
			"cognigy-operator.io/deletion-protection": "all",
		}
	})
	e.Await(func(g Gomega) {
		other := e.Key(fixtures.Named("other"))
		g.Expect(cluster.Create(e.Context, other, client.DryRunAll)).To(MatchError(ContainSubstring("allowed-endpoints")))
		g.Expect(e.deleteAll(client.DryRunAll)).To(MatchError(ContainSubstring("have to be confirmed")))
	})
	return namespace
}

func (e *environment) deleteAll(options ...client.DeleteAllOfOption) error {
	return cluster.DeleteAllOf(e.Context, &v1alpha1.EndpointAPIKey{}, append(options, client.InNamespace(e.Namespace))...)
}

var _ = Describe("Policies for tenants", Label("security"), func() {
	It("keep the operator neither from rotating the keys that are there nor from revoking them", func() {
		e := newEnvironment()
		key := e.issued()
		first := e.Read(key).Status.KeyID
		e.limit()
		e.request(key, later().Format(time.RFC3339))
		e.awaitRotated(key, first)
		e.Expect(cluster.Delete(e.Context, key)).To(MatchError(ContainSubstring("kubectl annotate endpointapikey " + key.Name)))
		e.Change(key, func() { key.Annotations["cognigy-operator.io/confirm-deletion"] = "true" })
		e.Expect(e.deleteAll()).To(Succeed())
		e.AwaitGone(key)
	})

	It("do not hold up the deletion of a namespace whose keys are protected", func() {
		e := newEnvironment()
		key := e.issued()
		namespace := e.limit()
		e.Delete(namespace)
		e.AwaitAbsent(namespace)
		e.Expect(e.LiveKeys(key)).To(BeEmpty())
	})
})
