// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package uninstall

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// awaitProtected returns when the API server enforces the policy.
func (c *cluster) awaitProtected(t *testing.T) {
	t.Helper()
	c.Await(func(g Gomega) {
		output, err := c.kubectl(t, "delete", "crd", "endpointapikeys.cognigy-operator.io", "--dry-run=server")
		g.Expect(err).To(HaveOccurred())
		g.Expect(output).To(ContainSubstring("confirm-deletion"))
	})
}

// deleteInstallation deletes what kubectl installed.
func (c *cluster) deleteInstallation(t *testing.T) (string, error) {
	t.Helper()
	return c.kubectl(t, "delete", "-f", installation.File(), "--ignore-not-found", "--wait=false")
}

// awaitNoOperator returns when its namespace is gone, or only waits for finalizers, and the process has ended.
func (c *cluster) awaitNoOperator() {
	c.Eventually(func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.process == nil
	}).WithTimeout(patience).Should(BeTrue())
}

// mend installs the operator again, and waits until it has ended what it finds: the keys that are being deleted are revoked.
func (c *cluster) mend(t *testing.T, key *v1alpha1.EndpointAPIKey) {
	t.Helper()
	c.install(t)
	c.AwaitGone(key)
	c.AwaitAbsent(c.Connection())
	c.Expect(c.Cognigy.Live("")).To(BeEmpty())
}

// The policy has the definitions, and with them resources and keys, outlive the operator, so that nothing has happened when it is back. The policy
// itself goes, so that whoever repeats the command deletes the definitions. Not even then is a key lost: its resource waits for the operator.
func TestKubectlDelete(t *testing.T) {
	c := newCluster(t)
	key := c.issued()
	c.deleteOnce(t)
	c.Expect(c.crds(c)).To(HaveLen(3))
	c.Expect(c.Read(key).DeletionTimestamp).To(BeNil())
	c.stays(key)
	c.install(t)
	c.AwaitDelivered(key, 1)
	c.Expect(c.Posts()).To(Equal(1))

	c.deleteOnce(t)
	output, err := c.deleteInstallation(t)
	c.Expect(err).NotTo(HaveOccurred(), output)
	c.Await(func(g Gomega) { g.Expect(c.Read(key).DeletionTimestamp).NotTo(BeNil()) })
	c.stays(key)

	c.install(t)
	// The third definition had no resources, so that it was gone and is there again.
	c.Await(func(g Gomega) { g.Expect(c.crds(g)).To(HaveLen(1), "the operator has ended what was begun") })
	c.Expect(c.Cognigy.Live("")).To(BeEmpty())
	c.stop()
	c.install(t)
	c.Expect(c.crds(c)).To(HaveLen(3))
	c.Create(c.Connection())
	again := c.issued()
	c.Expect(c.Posts()).To(Equal(2))
	c.Delete(again)
	c.AwaitGone(again)
}

// deleteOnce deletes the installation for the first time, of which the API server refuses the definitions.
func (c *cluster) deleteOnce(t *testing.T) {
	t.Helper()
	c.awaitProtected(t)
	output, err := c.deleteInstallation(t)
	c.Expect(err).To(HaveOccurred())
	c.Expect(strings.Count(output, "Then confirm: kubectl annotate crd ")).To(Equal(3), output)
	c.awaitNoOperator()
	c.AwaitAbsent(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: installation.Namespace}})
}

// What follows emulates the cascade of Argo CD, which cannot be imported: it deletes all objects of an application at once, with one of two
// policies, and again until they are gone, but no CustomResourceDefinitions. The application has the operator and resources of it, all in one wave,
// which docs/argocd.md advises against.
func TestArgoCDCascade(t *testing.T) {
	for _, propagation := range []metav1.DeletionPropagation{metav1.DeletePropagationForeground, metav1.DeletePropagationBackground} {
		t.Run(string(propagation), func(t *testing.T) {
			c := newCluster(t)
			key := c.issued()
			// The operator ends before it can revoke anything. Where it is faster, the key is revoked.
			c.stop()
			app := c.application(t, key)
			c.Await(func(g Gomega) {
				for _, object := range app {
					err := c.Cluster.Delete(c.Context, object.DeepCopy(), client.PropagationPolicy(propagation))
					g.Expect(client.IgnoreNotFound(err)).To(Succeed())
				}
				for _, object := range app {
					if object.GetAPIVersion() != v1alpha1.GroupVersion.String() {
						c.Absent(g, object.DeepCopy())
					}
				}
			})
			c.Expect(c.crds(c)).To(HaveLen(3))
			c.Expect(c.Read(key).DeletionTimestamp).NotTo(BeNil())
			c.stays(key)
			c.mend(t, key)
		})
	}
}

// application returns the objects that Argo CD deletes of an application with the operator, a connection and a resource.
func (c *cluster) application(t *testing.T, key *v1alpha1.EndpointAPIKey) (objects []*unstructured.Unstructured) {
	t.Helper()
	installed, err := installation.Read(installation.File())
	c.Expect(err).NotTo(HaveOccurred())
	for _, object := range installed {
		if object.GetKind() != "CustomResourceDefinition" {
			objects = append(objects, object)
		}
	}
	for kind, object := range map[string]client.Object{"EndpointAPIKey": key, "CognigyConnection": c.Connection()} {
		converted, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		c.Expect(err).NotTo(HaveOccurred())
		found := &unstructured.Unstructured{Object: converted}
		found.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
		objects = append(objects, found)
	}
	return objects
}

// The credentials of a ClusterCognigyConnection hold the operator's namespace, in which nothing can be created then. Keys and resources stay as
// they are, and the operator goes on when credentials and namespace were let go of and are there again.
func TestOperatorNamespace(t *testing.T) {
	c := newCluster(t)
	credentials := c.Credentials(c.Cognigy.APIKey())
	credentials.Namespace = installation.Namespace
	connection := &v1alpha1.ClusterCognigyConnection{
		ObjectMeta: metav1.ObjectMeta{Name: "shared"},
		Spec: v1alpha1.ClusterCognigyConnectionSpec{
			ConnectionSpec: c.ConnectionSpec(), AllowedNamespaces: v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll},
		},
	}
	c.Create(credentials)
	c.Create(connection)
	key := c.issued(func(key *v1alpha1.EndpointAPIKey) {
		key.Spec.ConnectionRef = v1alpha1.ConnectionReference{Kind: v1alpha1.ConnectionKindCluster, Name: "shared"}
	})
	output, err := c.kubectl(t, "delete", "namespace", installation.Namespace, "--wait=false")
	c.Expect(err).NotTo(HaveOccurred(), output)
	c.awaitNoOperator()
	c.Delete(key)
	c.stays(key)
	output, err = c.kubectl(t, "apply", "--server-side", "--force-conflicts", "-f", installation.File())
	c.Expect(err).To(HaveOccurred())
	c.Expect(output).To(ContainSubstring("being terminated"))

	output, err = c.kubectl(t, "patch", "secret", fixtures.CredentialsName, "--namespace="+installation.Namespace, "--type=merge",
		"--patch", `{"metadata":{"finalizers":null}}`)
	c.Expect(err).NotTo(HaveOccurred(), output)
	c.AwaitAbsent(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: installation.Namespace}})
	c.stays(key)
	c.install(t)
	again := c.Credentials(c.Cognigy.APIKey())
	again.Namespace = installation.Namespace
	c.Create(again)
	c.AwaitGone(key)
	c.Expect(c.Posts()).To(Equal(1))
}

// A tenant's namespace that is deleted whole, by kubectl and while the operator runs, revokes its keys and goes away.
func TestTenantNamespace(t *testing.T) {
	c := newCluster(t)
	c.issued(fixtures.Named("one"))
	c.issued(fixtures.Named("another"))
	output, err := c.kubectl(t, "delete", "namespace", c.Namespace)
	c.Expect(err).NotTo(HaveOccurred(), output)
	c.AwaitAbsent(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: c.Namespace}})
	c.Expect(c.Cognigy.Ledger()).To(HaveLen(2))
	c.Expect(c.Cognigy.Live("")).To(BeEmpty())
}
