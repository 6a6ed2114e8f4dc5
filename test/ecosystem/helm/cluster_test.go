// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/deployed"
)

// patience covers the removal of CustomResourceDefinitions, for which the API server may wait when it is busy.
const patience = 5 * time.Minute

// createNamespace creates an empty namespace, and returns its name.
func createNamespace(t *testing.T) string {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "helm-"}}
	NewWithT(t).Expect(cluster.Create(t.Context(), namespace)).To(Succeed())
	return namespace.Name
}

// startPods has Pods of a namespace run until the test ends. Those of the operator become ready, and nothing more.
func startPods(t *testing.T, namespace string) {
	t.Helper()
	kubelet := &deployed.Kubelet{Cluster: &deployed.Cluster{ControlPlane: plane, Client: cluster}, Namespace: namespace, Binary: binary}
	kubelet.Start(t)
}

// installed returns the Deployment of a release of the operator's chart.
func installed(t *testing.T, namespace string) *appsv1.Deployment {
	t.Helper()
	deployment := &appsv1.Deployment{}
	name := client.ObjectKey{Namespace: namespace, Name: release + "-controller-manager"}
	NewWithT(t).Expect(cluster.Get(t.Context(), name, deployment)).To(Succeed())
	return deployment
}

// crds returns the operator's CustomResourceDefinitions as the API server has them. Objects of an unknown kind are an error.
func crds(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	found := &unstructured.UnstructuredList{}
	found.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinitionList"))
	g := NewWithT(t)
	g.Expect(cluster.List(context.Background(), found)).To(Succeed())
	var ours []*unstructured.Unstructured
	for i := range found.Items {
		if group, _, _ := unstructured.NestedString(found.Items[i].Object, "spec", "group"); group == "cognigy-operator.io" {
			ours = append(ours, &found.Items[i])
		}
	}
	return ours
}

// removeCRDs has the test, when it ends, remove the CustomResourceDefinitions, which belong to one release.
func removeCRDs(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		g := NewWithT(t)
		confirm := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"cognigy-operator.io/confirm-deletion":"true"}}}`))
		for _, crd := range crds(t) {
			g.Expect(client.IgnoreNotFound(cluster.Patch(context.Background(), crd, confirm))).To(Succeed())
			g.Expect(client.IgnoreNotFound(cluster.Delete(context.Background(), crd))).To(Succeed())
		}
		g.Eventually(func() []*unstructured.Unstructured { return crds(t) }).WithTimeout(patience).Should(BeEmpty())
	})
}

// gone checks that nothing that a release had is left, but for objects that it keeps.
func gone(t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	for _, object := range objects {
		if object.GetAnnotations()["helm.sh/resource-policy"] == "keep" {
			continue
		}
		NewWithT(t).Eventually(func() bool {
			err := cluster.Get(t.Context(), client.ObjectKeyFromObject(object), object.DeepCopy())
			return apierrors.IsNotFound(err)
		}).WithTimeout(patience).Should(BeTrue(), "%s %s", object.GetKind(), object.GetName())
	}
}
