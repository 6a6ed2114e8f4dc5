// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// clusterConnection makes a connection for all namespaces, changed by the edits, with credentials in the operator's.
func (e *environment) clusterConnection(edits ...func(*v1alpha1.ClusterCognigyConnectionSpec)) (*v1alpha1.ClusterCognigyConnection, *corev1.Secret) {
	GinkgoHelper()
	credentials := e.Credentials(e.Cognigy.APIKey())
	credentials.Namespace, credentials.Name = installation.Namespace, "credentials-"+e.Namespace
	e.Create(credentials)
	connection := &v1alpha1.ClusterCognigyConnection{
		ObjectMeta: metav1.ObjectMeta{Name: "shared-" + e.Namespace},
		Spec: v1alpha1.ClusterCognigyConnectionSpec{
			ConnectionSpec: e.ConnectionSpec(), AllowedNamespaces: v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll},
		},
	}
	connection.Spec.Auth.APIKey.SecretRef.Name = v1alpha1.ObjectName(credentials.Name)
	for _, edit := range edits {
		edit(&connection.Spec)
	}
	e.Create(connection)
	e.AwaitReady(connection)
	return connection, credentials
}

// allowing has a connection allow the namespaces with a label.
func allowing(value string) func(*v1alpha1.ClusterCognigyConnectionSpec) {
	return func(spec *v1alpha1.ClusterCognigyConnectionSpec) { spec.AllowedNamespaces = labelled(value) }
}

// labelled are the namespaces with a label.
func labelled(value string) v1alpha1.AllowedNamespaces {
	return v1alpha1.AllowedNamespaces{
		From: v1alpha1.NamespacesFromSelector, Selector: &v1alpha1.NamespaceSelector{MatchLabels: map[string]string{"cognigy": value}},
	}
}

// through has a resource refer to a connection.
func through(connection *v1alpha1.ClusterCognigyConnection) func(*v1alpha1.EndpointAPIKey) {
	return func(key *v1alpha1.EndpointAPIKey) {
		key.Spec.ConnectionRef = v1alpha1.ConnectionReference{Kind: v1alpha1.ConnectionKindCluster, Name: v1alpha1.ObjectName(connection.Name)}
	}
}

// waitsFor waits for a connection that is being deleted to say for how many dependents that waits, and to name the first of them.
func (e *environment) waitsFor(connection *v1alpha1.ClusterCognigyConnection, dependents []*v1alpha1.EndpointAPIKey) {
	GinkgoHelper()
	var names []string
	for _, dependent := range dependents {
		names = append(names, clientKey(dependent).String())
	}
	slices.Sort(names)
	named := strings.Join(names[:min(len(names), 10)], ", ")
	if len(names) > 10 {
		named += ", ..."
	}
	e.Await(func(g Gomega) {
		g.Expect(cluster.Get(e.Context, clientKey(connection), connection)).To(Succeed())
		inUse := meta.FindStatusCondition(connection.Status.Conditions, v1alpha1.ConditionInUse)
		g.Expect(inUse).NotTo(BeNil())
		g.Expect(inUse.Status).To(Equal(metav1.ConditionTrue))
		g.Expect(inUse.Message).To(ContainSubstring("waits for %d EndpointAPIKeys", len(names)))
		g.Expect(inUse.Message).To(ContainSubstring(": %s. ", named))
	})
}

var _ = Describe("A ClusterCognigyConnection that EndpointAPIKeys refer to", Serial, Label("connection", "deletion"), func() {
	It("stays with its credentials until the last of them, in any namespace, is gone", func() {
		const perNamespace = 6
		e := newEnvironment()
		connection, credentials := e.clusterConnection()
		other := e.CreateNamespace()
		var dependents []*v1alpha1.EndpointAPIKey
		for i := range 2 * perNamespace {
			dependent := e.Key(fixtures.Named(fmt.Sprintf("key-%d", i)), through(connection))
			if i%2 == 1 {
				dependent.Namespace = other
			}
			e.Create(dependent)
			dependents = append(dependents, dependent)
		}
		for _, dependent := range dependents {
			e.AwaitDelivered(dependent, 1)
		}
		e.Delete(credentials)
		e.Delete(connection)
		e.waitsFor(connection, dependents)
		e.remains(func(g Gomega) {
			for _, held := range []client.Object{connection, credentials} {
				g.Expect(cluster.Get(e.Context, clientKey(held), held)).To(Succeed())
				g.Expect(held.GetDeletionTimestamp()).NotTo(BeNil())
				g.Expect(held.GetFinalizers()).To(ConsistOf(v1alpha1.InUseFinalizer))
			}
			g.Expect(e.Cognigy.Live("")).To(HaveLen(len(dependents)))
		})
		for _, dependent := range dependents[:2] {
			e.Delete(dependent)
			e.AwaitGone(dependent)
		}
		dependents = dependents[2:]
		e.waitsFor(connection, dependents)
		for _, dependent := range dependents {
			e.Delete(dependent)
		}
		e.AwaitAbsent(connection)
		e.Expect(e.Cognigy.Live("")).To(BeEmpty(), "it was not let go before the last key was revoked")
		e.AwaitAbsent(credentials)
		for _, dependent := range dependents {
			e.AwaitGone(dependent)
		}
		e.Expect(e.Posts()).To(Equal(2 * perNamespace))
	})
})
