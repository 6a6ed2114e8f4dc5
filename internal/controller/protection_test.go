// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller_test

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// disappears waits for an object to be gone.
func (w *world) disappears(object client.Object) {
	w.t.Helper()
	w.eventually(func(g Gomega) {
		err := cluster.Get(w.ctx, clientKey(object), object)
		g.Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%v %v", err, object.GetFinalizers())
	})
}

// A namespace that is deleted whole, with resources, connection and credentials in it, revokes every key and goes away by itself.
func TestNamespaceDeleted(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"one", "two", "three"} {
		w.issued(func(k *v1alpha1.EndpointAPIKey) { k.Name = name })
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}
	w.delete(namespace)
	w.disappears(namespace)
	w.Expect(w.cognigy.Ledger()).To(HaveLen(3))
	w.Expect(w.cognigy.Live("")).To(BeEmpty())
}

// Connection and credentials may be deleted first: they stay until the last key is revoked, and say whom they wait for.
func TestConnectionDeletedFirst(t *testing.T) {
	w := newWorld(t)
	key, connection, credentials := w.issued(), w.connection(), w.credentials("")
	w.delete(credentials)
	w.delete(connection)
	w.eventually(func(g Gomega) {
		g.Expect(cluster.Get(w.ctx, clientKey(connection), connection)).To(Succeed())
		inUse := meta.FindStatusCondition(connection.Status.Conditions, v1alpha1.ConditionInUse)
		g.Expect(inUse).NotTo(BeNil())
		g.Expect(inUse.Message).To(ContainSubstring(w.namespace + "/crm"))
	})
	// What is being deleted still revokes, but no key is issued through it any more.
	late := w.key(func(k *v1alpha1.EndpointAPIKey) { k.Name = "late" })
	w.create(late)
	w.eventually(func(g Gomega) {
		ready := meta.FindStatusCondition(w.read(late).Status.Conditions, v1alpha1.ConditionReady)
		g.Expect(ready).NotTo(BeNil())
		g.Expect(ready.Message).To(ContainSubstring("is being deleted"))
	})
	w.delete(late)
	w.delete(key)
	w.gone(key)
	w.disappears(connection)
	w.disappears(credentials)
	w.Expect(w.posts()).To(Equal(1))
}

// Without users a connection goes at once, also after it had some; its credentials are nobody's business then.
func TestConnectionWithoutUsers(t *testing.T) {
	w := newWorld(t)
	connection, credentials := w.connection(), w.credentials("")
	w.becomesReady(connection)
	w.Expect(connection.Finalizers).To(BeEmpty())
	key := w.issued()
	w.eventually(func(g Gomega) {
		g.Expect(cluster.Get(w.ctx, clientKey(connection), connection)).To(Succeed())
		g.Expect(connection.Finalizers).To(ConsistOf(v1alpha1.InUseFinalizer))
	})
	w.delete(key)
	w.gone(key)
	w.delete(connection)
	w.disappears(connection)
	w.eventually(func(g Gomega) {
		g.Expect(cluster.Get(w.ctx, clientKey(credentials), credentials)).To(Succeed())
		g.Expect(credentials.Finalizers).To(BeEmpty())
	})
}

// A connection that changes to another Secret lets go of the first and holds the second.
func TestCredentialsReplaced(t *testing.T) {
	w := newWorld(t)
	w.issued()
	connection, first, second := w.connection(), w.credentials(""), w.credentials(w.cognigy.APIKey())
	second.Name = "second"
	w.create(second)
	w.change(connection, func() { connection.Spec.Auth.APIKey.SecretRef.Name = second.Name })
	w.eventually(func(g Gomega) {
		g.Expect(cluster.Get(w.ctx, clientKey(second), second)).To(Succeed())
		g.Expect(second.Finalizers).To(ConsistOf(v1alpha1.InUseFinalizer))
	})
	w.delete(first)
	w.disappears(first)
}
