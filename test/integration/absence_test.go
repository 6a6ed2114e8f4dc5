// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/controller/protection"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
)

// removeKeys removes the CustomResourceDefinition of EndpointAPIKeys until the spec ends.
func (e *environment) removeKeys() {
	GinkgoHelper()
	e.removeKind("endpointapikeys", &v1alpha1.EndpointAPIKeyList{})
}

// removeKind removes a CustomResourceDefinition, with what other specs left behind, until the spec ends.
func (e *environment) removeKind(plural string, list client.ObjectList) {
	GinkgoHelper()
	crd := &unstructured.Unstructured{}
	crd.SetAPIVersion("apiextensions.k8s.io/v1")
	crd.SetKind("CustomResourceDefinition")
	crd.SetName(plural + ".cognigy-operator.io")
	confirm := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"cognigy-operator.io/confirm-deletion":"true"}}}`))
	e.Expect(cluster.Patch(e.Context, crd, confirm)).To(Succeed())
	e.Delete(crd)
	DeferCleanup(e.upgrade)
	e.Await(func(g Gomega) {
		err := cluster.List(e.Context, list)
		_ = meta.EachListItem(list, func(left runtime.Object) error {
			left.(client.Object).SetFinalizers(nil)
			return cluster.Update(e.Context, left.(client.Object))
		}) // tried again
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
		e.removeKeys()
		e.Delete(credentials)
		e.Delete(connection)
		e.AwaitAbsent(connection, credentials)
	})

	It("an operator that starts releases them, too, and begins its work when the definition is there", func() {
		e := newEnvironment()
		connection, credentials := e.leftProtected()
		e.stopOperator()
		e.removeKeys()
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
		e.removeKeys()
		e.Expect(list(0)).To(MatchError(ContainSubstring("asks again")))
		e.upgrade()
		e.Expect(list(0)).To(Succeed())
		e.removeKeys()
		e.Expect(list(10 * time.Second)).NotTo(Succeed())
		e.Expect(list(4 * time.Second)).NotTo(Succeed())
		e.Expect(list(time.Second)).To(Succeed())
		e.Expect(list(2 * time.Minute)).NotTo(Succeed())
	})
})

var _ = Describe("Without the CustomResourceDefinition of ClusterCognigyConnections", Serial, Label("upgrade"), func() {
	It("an operator that does not serve that kind issues keys", func() {
		e := newEnvironment()
		e.stopOperator()
		e.removeKind("clustercognigyconnections", &v1alpha1.ClusterCognigyConnectionList{})
		runOperator([]string{e.Namespace})
		e.issued()
	})
})
