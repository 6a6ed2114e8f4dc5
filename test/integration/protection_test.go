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

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// issuesNoMore waits until a new resource reports why its connection issues no keys any more, and deletes it.
func (e *environment) issuesNoMore(says string) {
	GinkgoHelper()
	late := e.Key(fixtures.Named("late"))
	e.Create(late)
	e.reports(late, v1alpha1.ReasonConnectionNotReady, status.InProgressStatus, says)
	e.Delete(late)
}

// Where the operator is limited to namespaces, Kubernetes deletes its permission with the namespace: limited_stories_test.go has what follows.
var _ = Describe("A CognigyConnection that EndpointAPIKeys refer to", Label("connection", "deletion"), func() {
	It("lets a namespace that is deleted whole revoke every key and go away", func() {
		e := newEnvironment()
		for _, name := range []string{"one", "two", "three"} {
			e.issued(fixtures.Named(name))
		}
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}}
		e.Delete(namespace)
		e.AwaitAbsent(namespace)
		e.Expect(e.Cognigy.Ledger()).To(HaveLen(3))
		e.Expect(e.Cognigy.Live("")).To(BeEmpty())
	})
})

var _ = describeBoth("A CognigyConnection that EndpointAPIKeys refer to", Label("connection", "deletion"), func() {
	It("stays until the last key is revoked, and names the resources that it waits for", func() {
		e := newEnvironment()
		key, connection, credentials := e.issued(), e.Connection(), e.Credentials("")
		e.Delete(connection)
		e.Await(func(g Gomega) {
			g.Expect(cluster.Get(e.Context, clientKey(connection), connection)).To(Succeed())
			inUse := meta.FindStatusCondition(connection.Status.Conditions, v1alpha1.ConditionInUse)
			g.Expect(inUse).NotTo(BeNil())
			g.Expect(inUse.Message).To(ContainSubstring(e.Namespace + "/crm"))
		})
		// What is being deleted still revokes, but no key is issued through it any more.
		e.issuesNoMore("is being deleted")
		e.Delete(credentials)
		e.Delete(key)
		e.AwaitGone(key)
		e.AwaitAbsent(connection)
		e.AwaitAbsent(credentials)
		e.Expect(e.Posts()).To(Equal(1))
	})

	// Those still revoke, but no key is issued with them any more.
	It("keeps its credentials until the last key is revoked", func() {
		e := newEnvironment()
		key, credentials := e.issued(), e.Credentials("")
		e.Delete(credentials)
		e.issuesNoMore("or is being deleted")
		e.Delete(key)
		e.AwaitGone(key)
		e.Delete(e.Connection())
		e.AwaitAbsent(credentials)
		e.Expect(e.Posts()).To(Equal(1))
	})

	It("goes at once when the last of them is gone, and releases its credentials", func() {
		e := newEnvironment()
		connection, credentials := e.Connection(), e.Credentials("")
		e.AwaitReady(connection)
		e.Expect(connection.Finalizers).To(BeEmpty())
		key := e.issued()
		e.Await(func(g Gomega) {
			g.Expect(cluster.Get(e.Context, clientKey(connection), connection)).To(Succeed())
			g.Expect(connection.Finalizers).To(ConsistOf(v1alpha1.InUseFinalizer))
		})
		e.Delete(key)
		e.AwaitGone(key)
		e.Delete(connection)
		e.AwaitAbsent(connection)
		e.Await(func(g Gomega) {
			g.Expect(cluster.Get(e.Context, clientKey(credentials), credentials)).To(Succeed())
			g.Expect(credentials.Finalizers).To(BeEmpty())
		})
	})

	// The cache shows Secrets with two values of the label only: with another one, no change of the credentials would be noticed.
	DescribeTable("labels its credentials anew, whatever someone makes of the label:", func(harm func(secret *corev1.Secret)) {
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		credentials := e.Credentials("")
		e.Change(credentials, func() { harm(credentials) })
		e.Await(func(g Gomega) {
			g.Expect(cluster.Get(e.Context, clientKey(credentials), credentials)).To(Succeed())
			g.Expect(credentials.Labels).To(HaveKeyWithValue(v1alpha1.SecretTypeLabel, v1alpha1.SecretTypeCredentials))
		})
	},
		Entry("another value", func(secret *corev1.Secret) { secret.Labels[v1alpha1.SecretTypeLabel] = "foo" }),
		Entry("nothing", func(secret *corev1.Secret) { delete(secret.Labels, v1alpha1.SecretTypeLabel) }),
	)

	It("leaves the label of a delivered Secret that it is to take credentials from", func() {
		e := newEnvironment()
		key, connection := e.issued(), e.Connection()
		e.Change(connection, func() { connection.Spec.Auth.APIKey.SecretRef.Name = fixtures.KeyName })
		e.Await(func(g Gomega) { g.Expect(e.Secret(key).Finalizers).To(ContainElement(v1alpha1.InUseFinalizer)) })
		e.Expect(e.Secret(key).Labels).To(HaveKeyWithValue(v1alpha1.SecretTypeLabel, v1alpha1.SecretTypeAPIKey))
	})

	It("protects its new credentials and releases the former ones", func() {
		e := newEnvironment()
		e.issued()
		connection, first, second := e.Connection(), e.Credentials(""), e.Credentials(e.Cognigy.APIKey())
		second.Name = "second"
		e.Create(second)
		e.Change(connection, func() { connection.Spec.Auth.APIKey.SecretRef.Name = v1alpha1.ObjectName(second.Name) })
		e.Await(func(g Gomega) {
			g.Expect(cluster.Get(e.Context, clientKey(second), second)).To(Succeed())
			g.Expect(second.Finalizers).To(ConsistOf(v1alpha1.InUseFinalizer))
		})
		e.Delete(first)
		e.AwaitAbsent(first)
	})
})
