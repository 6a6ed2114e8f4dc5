// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// wakeTime is how long a resource may take that an event wakes: much less than the two minutes after which it looks by itself.
const wakeTime = time.Minute

var _ = Describe("The grants of a ClusterCognigyConnection", Serial, Label("connection"), func() {
	It("open to a namespace the Endpoints that they list for it, from when they do until they do not", func() {
		e := newEnvironment()
		open := e.Cognigy.AddEndpoint("project", "Open")
		connection, _ := e.clusterConnection(granting(
			grant(v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll}, open),
			grant(labelled(e.Namespace), e.Endpoint),
		))
		e.issued(fixtures.Named("open"), through(connection), onEndpoint(open))
		key := e.Key(through(connection))
		e.Create(key)
		e.reports(key, v1alpha1.ReasonConnectionNotAllowed, status.FailedStatus, "grant", e.Endpoint.ID)
		e.Expect(e.Posts()).To(Equal(1))

		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}}
		e.soon("a label that a grant selects", func() {
			e.Change(namespace, func() { namespace.Labels["cognigy"] = e.Namespace })
			e.AwaitDelivered(key, 1)
		})
		e.Change(connection, func() { granting(grant(labelled(e.Namespace), open))(&connection.Spec) })
		e.Delete(e.Secret(key))
		e.reports(key, v1alpha1.ReasonConnectionNotAllowed, status.FailedStatus, e.Endpoint.ID)
		e.Expect(e.Posts()).To(Equal(2))
		e.soon("a grant that is added later", func() {
			e.Change(connection, func() { granting(grant(labelled(e.Namespace), open, e.Endpoint))(&connection.Spec) })
			e.AwaitDelivered(key, 1)
		})
		// Revoking remains allowed: a key must not outlive its resource.
		e.Change(connection, func() { granting(grant(labelled(e.Namespace), open))(&connection.Spec) })
		e.Delete(key)
		e.AwaitGone(key)
	})

	It("open nothing to a namespace that allowedNamespaces does not cover", func() {
		e := newEnvironment()
		connection, _ := e.clusterConnection(
			allowing("nobody"), granting(grant(v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll}, e.Endpoint)))
		key := e.Key(through(connection))
		e.Create(key)
		e.reports(key, v1alpha1.ReasonConnectionNotAllowed, status.FailedStatus, "allowedNamespaces")
		e.Expect(e.Posts()).To(BeZero())
	})

	It("keep a resource from sending anything for an Endpoint that was never granted, and from holding up deletions", func() {
		e := newEnvironment(func(spec *v1alpha1.ConnectionSpec) { spec.OrphanPolicy = v1alpha1.OrphanPolicyIgnore })
		open := e.Cognigy.AddEndpoint("project", "Open")
		connection, _ := e.clusterConnection(granting(grant(v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll}, open)))
		e.sendsNothingThrough(connection)
	})

	// Admission accepts this selector; Kubernetes cannot evaluate it.
	It("are reported if a selector in them is invalid", func() {
		e := newEnvironment()
		connection, _ := e.clusterConnection()
		broken := labelled("x")
		broken.Selector.MatchLabels = map[string]string{"no label": "x"}
		e.Change(connection, func() {
			granting(grant(labelled(e.Namespace), e.Endpoint), grant(broken, e.Endpoint))(&connection.Spec)
		})
		e.reports(connection, v1alpha1.ReasonInvalidSpec, status.FailedStatus, "grants[1].namespaces.selector")
	})
})

// soon checks that something is done long before a resource would look by itself.
func (e *environment) soon(what string, do func()) {
	GinkgoHelper()
	begun := time.Now()
	do()
	e.Expect(time.Since(begun)).To(BeNumerically("<", wakeTime), "%s wakes the resource", what)
}

// granting replaces a connection's grants.
func granting(grants ...v1alpha1.Grant) func(*v1alpha1.ClusterCognigyConnectionSpec) {
	return func(spec *v1alpha1.ClusterCognigyConnectionSpec) { spec.Grants = grants }
}

func grant(namespaces v1alpha1.AllowedNamespaces, endpoints ...simulator.Endpoint) v1alpha1.Grant {
	made := v1alpha1.Grant{Namespaces: namespaces}
	for _, endpoint := range endpoints {
		made.Endpoints.IDs = append(made.Endpoints.IDs, v1alpha1.EndpointID(endpoint.ID))
	}
	return made
}

// onEndpoint has a resource ask for a key for an Endpoint.
func onEndpoint(endpoint simulator.Endpoint) func(*v1alpha1.EndpointAPIKey) {
	return func(key *v1alpha1.EndpointAPIKey) { key.Spec.Endpoint.ID = endpoint.ID }
}
