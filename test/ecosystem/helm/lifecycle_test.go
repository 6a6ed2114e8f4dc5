// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// A release is installed, upgraded, rolled back and uninstalled, each time as a whole. Resources that users made outlive it.
func TestLifecycle(t *testing.T) {
	g := NewWithT(t)
	removeCRDs(t)
	namespace := createNamespace(t)
	startPods(t, namespace)

	succeed(t, "install", release, operator, "--namespace="+namespace, "--wait", "--timeout=2m")
	deployment := installed(t, namespace)
	g.Expect(deployment.Status.ReadyReplicas).To(BeEquivalentTo(2), "--wait returns when the Pods are ready")
	g.Expect(crds(t)).To(HaveLen(3))
	manifest := parse(t, succeed(t, "get", "manifest", release, "--namespace="+namespace))

	key := &v1alpha1.EndpointAPIKey{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "crm"},
		Spec: v1alpha1.EndpointAPIKeySpec{
			ConnectionRef: v1alpha1.ConnectionReference{Name: "cognigy"}, Endpoint: v1alpha1.EndpointReference{ID: "64f0c0ffee0123456789abcd"},
		},
	}
	g.Expect(cluster.Create(t.Context(), key)).To(Succeed())

	succeed(t, "upgrade", release, operator, "--namespace="+namespace, "--wait", "--timeout=2m")
	g.Expect(installed(t, namespace).Generation).To(Equal(deployment.Generation), "the same values change nothing")

	succeed(t, "upgrade", release, operator, "--namespace="+namespace, "--wait", "--timeout=2m", "--set=replicas=3", "--set=logLevel=debug")
	deployment = installed(t, namespace)
	g.Expect(deployment.Status.ReadyReplicas).To(BeEquivalentTo(3))
	g.Expect(deployment.Spec.Template.Spec.Containers[0].Args).To(ContainElement("--zap-log-level=debug"))

	succeed(t, "rollback", release, "1", "--namespace="+namespace, "--wait", "--timeout=2m")
	deployment = installed(t, namespace)
	g.Expect(*deployment.Spec.Replicas).To(BeEquivalentTo(2))
	g.Expect(deployment.Spec.Template.Spec.Containers[0].Args).NotTo(ContainElement("--zap-log-level=debug"))

	succeed(t, "uninstall", release, "--namespace="+namespace, "--wait", "--timeout=2m", "--no-hooks")
	gone(t, manifest)
	g.Expect(crds(t)).To(HaveLen(3))
	kept := &v1alpha1.EndpointAPIKey{}
	g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(key), kept)).To(Succeed())
	g.Expect(kept.UID).To(Equal(key.UID))

	// What was kept belongs to the release of that name, so that it is installed again without further ado.
	succeed(t, "install", release, operator, "--namespace="+namespace, "--wait", "--timeout=2m")
	g.Expect(cluster.Delete(t.Context(), key)).To(Succeed())
	succeed(t, "uninstall", release, "--namespace="+namespace, "--wait", "--timeout=2m")
}

// --wait is no empty promise: Pods that do not become ready fail the installation.
func TestInstallWaits(t *testing.T) {
	removeCRDs(t)
	namespace := createNamespace(t)
	_, err := helm(t, "install", release, operator, "--namespace="+namespace, "--wait", "--timeout=3s")
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring("Deployment/" + namespace + "/cognigy-operator-controller-manager not ready")))
	succeed(t, "uninstall", release, "--namespace="+namespace, "--no-hooks")
}

// With crds.keep off, the definitions go with the release.
func TestUninstallWithCRDs(t *testing.T) {
	g := NewWithT(t)
	removeCRDs(t)
	namespace := createNamespace(t)
	startPods(t, namespace)
	succeed(t, "install", release, operator, "--namespace="+namespace, "--set=crds.keep=false")
	g.Expect(crds(t)).To(HaveLen(3))
	succeed(t, "uninstall", release, "--namespace="+namespace, "--wait", "--timeout=2m")
	g.Expect(crds(t)).To(BeEmpty())
}

// A release takes over what kubectl installed from the manifests, of an earlier version, too, and no object is made anew.
func TestAdoption(t *testing.T) {
	g := NewWithT(t)
	removeCRDs(t)
	namespace := createNamespace(t)
	startPods(t, namespace)
	uids := map[string]any{}
	for _, object := range shipped(t, "default") {
		if object.GetKind() == "Namespace" {
			continue
		}
		if object.GetNamespace() != "" {
			object.SetNamespace(namespace)
		}
		if object.GetKind() == "CustomResourceDefinition" {
			g.Expect(unstructured.SetNestedStringSlice(object.Object, []string{"earlier"}, "spec", "names", "categories")).To(Succeed())
		}
		g.Expect(cluster.Create(t.Context(), object, client.FieldOwner("kubectl-create"))).To(Succeed())
		uids[object.GetKind()+"/"+object.GetName()] = object.GetUID()
	}

	output, err := helm(t, "install", release, operator, "--namespace="+namespace)
	g.Expect(err).To(MatchError(ContainSubstring("invalid ownership metadata")), output)
	succeed(t, "install", release, operator, "--namespace="+namespace, "--take-ownership", "--force-conflicts", "--wait", "--timeout=2m")

	for _, object := range parse(t, succeed(t, "get", "manifest", release, "--namespace="+namespace)) {
		g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(object), object)).To(Succeed())
		g.Expect(object.GetUID()).To(Equal(uids[object.GetKind()+"/"+object.GetName()]), object.GetName())
	}
	for _, crd := range crds(t) {
		categories, _, _ := unstructured.NestedStringSlice(crd.Object, "spec", "names", "categories")
		g.Expect(categories).To(ConsistOf("cognigy"), crd.GetName())
	}
	succeed(t, "uninstall", release, "--namespace="+namespace, "--wait", "--timeout=2m")
	g.Expect(crds(t)).To(HaveLen(3))
}
