// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// prune has the API server drop a field of an EndpointAPIKey's status until the spec ends, as a CustomResourceDefinition does that does
// not know it yet.
func (e *environment) prune(path ...string) {
	GinkgoHelper()
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
	crd.SetName("endpointapikeys.cognigy-operator.io")
	DeferCleanup(e.upgrade)
	e.Change(crd, func() {
		versions := crd.Object["spec"].(map[string]any)["versions"].([]any)
		status := append([]string{"schema", "openAPIV3Schema", "properties", "status", "properties"}, path...)
		unstructured.RemoveNestedField(versions[0].(map[string]any), status...)
	})
}

// upgrade applies the operator's CustomResourceDefinitions, as users do, and waits until the API server goes by them.
func (e *environment) upgrade() {
	GinkgoHelper()
	e.Expect(installation.Apply(e.Context, bed.Config, installation.File())).To(Succeed())
	e.intentIs(func(i *v1alpha1.Issuance) bool { return i != nil && i.Deadline != nil })
}

// intentIs waits until the API server keeps an intent, and its deadline, or drops them.
func (e *environment) intentIs(want func(*v1alpha1.Issuance) bool) {
	GinkgoHelper()
	e.Await(func(g Gomega) {
		probe := e.Key(fixtures.Named("probe"), func(k *v1alpha1.EndpointAPIKey) { k.Spec.ConnectionRef.Name = "nowhere" })
		g.Expect(cluster.Create(e.Context, probe)).To(Succeed())
		now := metav1.NowMicro()
		probe.Status.Issuance = &v1alpha1.Issuance{StartedAt: now, Deadline: &now}
		err := cluster.Status().Update(e.Context, probe)
		g.Expect(cluster.Delete(e.Context, probe)).To(Succeed())
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(want(probe.Status.Issuance)).To(BeTrue())
	})
}

var _ = Describe("A CustomResourceDefinition that is older than the operator", Serial, Label("upgrade"), func() {
	It("has no key issued without an intent, until it is upgraded", func() {
		e := newEnvironment()
		e.prune("issuance")
		e.intentIs(func(i *v1alpha1.Issuance) bool { return i == nil })
		key := e.Key()
		e.Create(key)
		e.reports(key, v1alpha1.ReasonOldCRD, status.FailedStatus, "apply the CRDs")
		e.Expect(e.Posts()).To(BeZero())
		e.upgrade()
		e.AwaitDelivered(key, 1)
		e.Expect(e.Posts()).To(Equal(1))
	})

	It("does without the deadline of an attempt", func() {
		e := newEnvironment()
		e.prune("issuance", "properties", "deadline")
		e.intentIs(func(i *v1alpha1.Issuance) bool { return i != nil && i.Deadline == nil })
		e.issued()
		e.Expect(e.Posts()).To(Equal(1))
	})
})
