// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

const authoritiesName = "authorities"

// trustedBy has a connection trust what an object of a kind holds.
func trustedBy(kind v1alpha1.CABundleKind) func(*v1alpha1.ConnectionSpec) {
	return func(spec *v1alpha1.ConnectionSpec) {
		spec.CABundle, spec.CABundleRef = nil, &v1alpha1.CABundleReference{Kind: kind, Name: authoritiesName}
	}
}

// authorities returns the object that holds a bundle, as it is to be created.
func (e *environment) authorities(kind v1alpha1.CABundleKind, bundle []byte) client.Object {
	if kind == v1alpha1.CABundleKindSecret {
		return &corev1.Secret{ObjectMeta: e.Meta(authoritiesName), Data: map[string][]byte{"ca.crt": bundle}}
	}
	return &corev1.ConfigMap{ObjectMeta: e.Meta(authoritiesName), Data: map[string]string{"ca.crt": string(bundle)}}
}

// trust replaces the bundle.
func (e *environment) trust(kind v1alpha1.CABundleKind, bundle []byte) {
	GinkgoHelper()
	switch object := e.authorities(kind, bundle).(type) {
	case *corev1.Secret:
		data := object.Data
		e.Change(object, func() { object.Data = data })
	case *corev1.ConfigMap:
		data := object.Data
		e.Change(object, func() { object.Data = data })
	}
}

// anotherBundle is that of another Cognigy.
func anotherBundle() []byte {
	GinkgoHelper()
	another, err := simulator.Start(simulator.Options{TLS: true})
	Expect(err).NotTo(HaveOccurred())
	another.Close()
	return another.CABundle()
}

var _ = describeBoth("The authorities that caBundleRef names", Label("connection"), func() {
	DescribeTable("are waited for, checked, and used as they are at each time:", func(kind v1alpha1.CABundleKind) {
		e := newEnvironment(trustedBy(kind))
		connection, bundle := e.Connection(), e.Cognigy.CABundle()
		e.reports(connection, v1alpha1.ReasonCABundleNotFound, status.InProgressStatus, "create it")
		e.Create(e.authorities(kind, []byte("no certificate")))
		e.reports(connection, v1alpha1.ReasonCABundleInvalid, status.FailedStatus, "holds no PEM certificate")
		e.trust(kind, bundle)
		e.AwaitReady(connection)
		key := e.issued()
		e.trust(kind, anotherBundle())
		e.reports(connection, v1alpha1.ReasonUnavailable, status.InProgressStatus)
		e.trust(kind, append(anotherBundle(), bundle...))
		e.AwaitReady(connection)
		e.AwaitDelivered(key, 1)
		e.Delete(key)
		e.AwaitGone(key)
	}, Entry("in a ConfigMap", v1alpha1.CABundleKindConfigMap), Entry("in a Secret", v1alpha1.CABundleKindSecret))

	It("are kept, where a Secret holds them, while keys need them, and a connection says so beside credentials that are not deleted", func() {
		e := newEnvironment(trustedBy(v1alpha1.CABundleKindSecret))
		secret, connection := e.authorities(v1alpha1.CABundleKindSecret, e.Cognigy.CABundle()), e.Connection()
		e.Create(secret)
		key := e.issued()
		e.Delete(secret)
		credentials := e.Credentials("")
		e.Change(credentials, func() { credentials.Data["api-key"] = []byte(e.Cognigy.APIKey() + "\n") })
		inUse := func(g Gomega) {
			g.Expect(cluster.Get(e.Context, clientKey(connection), connection)).To(Succeed())
			found := meta.FindStatusCondition(connection.Status.Conditions, v1alpha1.ConditionCredentialsInUse)
			g.Expect(found).NotTo(BeNil())
			g.Expect(found.Message).To(ContainSubstring(authoritiesName))
		}
		e.Await(inUse)
		e.remains(inUse)
		e.issuesNoMore("or is being deleted")
		e.Delete(key)
		e.AwaitGone(key)
		e.Delete(connection)
		e.AwaitAbsent(secret)
	})
})

var _ = Describe("The authorities that caBundleRef names", Label("connection"), func() {
	DescribeTable("do not keep a namespace that is deleted whole:", func(kind v1alpha1.CABundleKind) {
		e := newEnvironment(trustedBy(kind))
		e.Create(e.authorities(kind, e.Cognigy.CABundle()))
		e.issued()
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}}
		e.Delete(namespace)
		e.AwaitAbsent(namespace)
		e.Expect(e.Cognigy.Live("")).To(BeEmpty())
	}, Entry("in a ConfigMap", v1alpha1.CABundleKindConfigMap), Entry("in a Secret", v1alpha1.CABundleKindSecret))
})

var _ = Describe("serverName", Label("connection"), func() {
	It("is the name that the certificate has to be for", func() {
		e := newEnvironment()
		connection := e.Connection()
		e.AwaitReady(connection)
		e.Change(connection, func() { connection.Spec.ServerName = "cognigy.example.com" })
		e.reports(connection, v1alpha1.ReasonUnavailable, status.InProgressStatus)
		e.Change(connection, func() { connection.Spec.ServerName = "127.0.0.1" })
		e.AwaitReady(connection)
	})
})
