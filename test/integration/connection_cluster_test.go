// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// sendsNothingThrough checks that a connection sends nothing for resources that it does not allow, and that its deletion waits for none.
func (e *environment) sendsNothingThrough(connection *v1alpha1.ClusterCognigyConnection) {
	GinkgoHelper()
	var keys []*v1alpha1.EndpointAPIKey
	for _, name := range []string{"one", "another"} {
		key := e.Key(fixtures.Named(name), through(connection), func(k *v1alpha1.EndpointAPIKey) {
			k.Finalizers = []string{v1alpha1.Finalizer}
		})
		e.Create(key)
		e.reports(key, v1alpha1.ReasonConnectionNotAllowed, status.FailedStatus)
		keys = append(keys, key)
	}
	e.Delete(keys[0])
	e.AwaitGone(keys[0])
	e.Delete(connection)
	e.AwaitAbsent(connection)
	e.Expect(e.Read(keys[1]).Finalizers).To(ConsistOf(v1alpha1.Finalizer))
	e.Expect(e.Lists() + e.Posts()).To(BeZero())
}

var _ = Describe("A ClusterCognigyConnection", Serial, Label("connection"), func() {
	It("issues keys to the namespaces that it allows, and revokes keys of those that it does not allow any more", func() {
		e := newEnvironment()
		connection, _ := e.clusterConnection(allowing(e.Namespace))
		key := e.Key(through(connection))
		e.Create(key)
		e.reports(key, v1alpha1.ReasonConnectionNotAllowed, status.FailedStatus, "allowedNamespaces")
		e.Expect(e.Posts()).To(BeZero())

		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}}
		e.Change(namespace, func() { namespace.Labels["cognigy"] = e.Namespace })
		e.AwaitDelivered(key, 1)

		// Permission that is taken back stops what would be sent to Cognigy; the delivered key stays.
		e.Change(namespace, func() { delete(namespace.Labels, "cognigy") })
		e.Delete(e.Secret(key))
		e.reports(key, v1alpha1.ReasonConnectionNotAllowed, status.FailedStatus)
		e.Expect(e.Posts()).To(Equal(1))
		e.Change(connection, func() {
			connection.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll}
		})
		e.AwaitDelivered(key, 1)
		// Revoking remains allowed: a key must not outlive its resource.
		e.Change(connection, func() { allowing("nobody")(&connection.Spec) })
		e.Delete(key)
		e.AwaitGone(key)
	})

	It("has a replaced key revoked when its overlap ends, although its permission was withdrawn", func() {
		e := newEnvironment()
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}}
		connection, _ := e.clusterConnection(allowing(e.Namespace))
		e.Change(namespace, func() { namespace.Labels["cognigy"] = e.Namespace })
		key := e.issued(through(connection))
		e.rotate(key, 8*time.Second)
		e.AwaitDelivered(key, 2)
		e.Change(namespace, func() { delete(namespace.Labels, "cognigy") })
		e.Await(func(g Gomega) {
			found := e.Read(key)
			g.Expect(e.LiveKeys(key)).To(HaveLen(1))
			blocked := meta.FindStatusCondition(found.Status.Conditions, v1alpha1.ConditionRenewalBlocked)
			g.Expect(blocked).To(HaveValue(HaveField("Reason", v1alpha1.ReasonConnectionNotAllowed)))
			g.Expect(fixtures.Kstatus(g, found)).To(Equal(status.CurrentStatus))
		})
		e.Expect(e.Cognigy.Works(e.Endpoint.ID, string(e.Secret(key).Data["api-key"]))).To(BeTrue())
		e.Expect(e.Posts()).To(Equal(2))
	})

	// Its finalizer need not be the operator's: whoever may create the resource can write it.
	It("sends nothing for a resource that it never allowed, and is deleted without waiting for another one", func() {
		e := newEnvironment(func(spec *v1alpha1.ConnectionSpec) { spec.OrphanPolicy = v1alpha1.OrphanPolicyIgnore })
		connection, _ := e.clusterConnection(allowing("nobody"))
		e.sendsNothingThrough(connection)
	})

	// Admission accepts this selector; Kubernetes cannot evaluate it.
	It("allows no namespace if its selector is invalid, and says so", func() {
		e := newEnvironment()
		connection := &v1alpha1.ClusterCognigyConnection{
			ObjectMeta: metav1.ObjectMeta{Name: "broken-" + e.Namespace},
			Spec: v1alpha1.ClusterCognigyConnectionSpec{
				ConnectionSpec: e.ConnectionSpec(),
				AllowedNamespaces: v1alpha1.AllowedNamespaces{
					From: v1alpha1.NamespacesFromSelector, Selector: &v1alpha1.NamespaceSelector{MatchLabels: map[string]string{"no label": "x"}},
				},
			},
		}
		e.Create(connection)
		e.reports(connection, v1alpha1.ReasonInvalidSpec, status.FailedStatus, "allowedNamespaces.selector")
		key := e.Key(through(connection))
		e.Create(key)
		e.reports(key, v1alpha1.ReasonConnectionNotAllowed, status.FailedStatus)
	})
})
