// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	testclock "k8s.io/utils/clock/testing"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/controller/protection"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
)

// removeKind removes the CustomResourceDefinition of EndpointAPIKeys, with what other specs left behind, until the spec ends.
func (e *environment) removeKind() {
	GinkgoHelper()
	crd := &unstructured.Unstructured{}
	crd.SetAPIVersion("apiextensions.k8s.io/v1")
	crd.SetKind("CustomResourceDefinition")
	crd.SetName("endpointapikeys.cognigy-operator.io")
	e.Delete(crd)
	DeferCleanup(e.upgrade)
	e.Await(func(g Gomega) {
		keys := &v1alpha1.EndpointAPIKeyList{}
		err := cluster.List(e.Context, keys)
		for i := range keys.Items {
			keys.Items[i].Finalizers = nil
			_ = cluster.Update(e.Context, &keys.Items[i]) // tried again
		}
		g.Expect(kube.IsNotServed(err)).To(BeTrue())
	})
}

// leftProtected returns a connection and its credentials that have had a dependent and still carry the finalizer.
func (e *environment) leftProtected() (*v1alpha1.CognigyConnection, *corev1.Secret) {
	GinkgoHelper()
	key, connection, credentials := e.issued(), e.Connection(), e.Credentials(e.Cognigy.APIKey())
	e.Delete(key)
	e.AwaitGone(key)
	e.Expect(cluster.Get(e.Context, clientKey(connection), connection)).To(Succeed())
	e.Expect(connection.Finalizers).To(ConsistOf(v1alpha1.InUseFinalizer))
	return connection, credentials
}

var _ = Describe("Without the CustomResourceDefinition of EndpointAPIKeys", Serial, Label("upgrade", "deletion"), func() {
	It("the operator releases connections and credentials that are being deleted", func() {
		e := newEnvironment()
		connection, credentials := e.leftProtected()
		e.removeKind()
		e.Delete(credentials)
		e.Delete(connection)
		e.AwaitAbsent(connection, credentials)
	})

	It("an operator that starts releases them, too, and begins its work when the definition is there", func() {
		e := newEnvironment()
		connection, credentials := e.leftProtected()
		e.stopOperator()
		e.removeKind()
		e.Delete(credentials)
		e.Delete(connection)
		since := logs.Len()
		runOperator([]string{e.Namespace})
		e.AwaitAbsent(connection, credentials)
		e.Expect(logs.From(since)).To(ContainSubstring("apply the operator's CustomResourceDefinitions"))
		e.upgrade()
		e.Connect()
		e.issued()
	})

	// An API server that has just started, or one of several, may not know a kind yet.
	It("the operator believes that after two answers, some seconds apart, with none between them that shows the kind", func() {
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		e.stopOperator()
		now := testclock.NewFakePassiveClock(time.Now())
		reader := &protection.Reader{Reader: cluster, Clock: now}
		list := func(after time.Duration) error {
			now.SetTime(now.Now().Add(after))
			return reader.List(e.Context, &v1alpha1.EndpointAPIKeyList{})
		}
		e.removeKind()
		e.Expect(list(0)).To(MatchError(ContainSubstring("asks again")))
		e.upgrade()
		e.Expect(list(0)).To(Succeed())
		e.removeKind()
		e.Expect(list(10 * time.Second)).NotTo(Succeed())
		e.Expect(list(4 * time.Second)).NotTo(Succeed())
		e.Expect(list(time.Second)).To(Succeed())
		e.Expect(list(2 * time.Minute)).NotTo(Succeed())
	})
})
