// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// TestCost applies many resources at once, and counts. The figures are promises of the design: per key one POST and no LIST,
// four writes to the API server (finalizer, intent, Secret, status; events come on top) and one dry run; then nothing.
func TestCost(t *testing.T) {
	const keys, endpoints = 100, 10
	g := NewWithT(t)
	cognigy, err := simulator.Start(simulator.Options{TLS: true})
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(cognigy.Close)
	start(t, "--leader-elect")
	namespace := connect(t, g, cognigy)
	var ids []string
	for i := range endpoints {
		ids = append(ids, cognigy.AddEndpoint("project", fmt.Sprintf("Endpoint %d", i)).ID)
	}
	// The first key of a connection makes it and its credentials carry a finalizer, once.
	first := newKey(namespace, "first", cognigy.AddEndpoint("project", "first").ID)
	g.Expect(cluster.Create(t.Context(), first)).To(Succeed())
	g.Eventually(func() []simulator.Entry { return cognigy.Live("") }).WithTimeout(patience).Should(HaveLen(1))
	release(t, g, first)
	posts := cognigy.Count(http.MethodPost, simulator.RouteKeys)
	lists := cognigy.Count(http.MethodGet, simulator.RouteKeys)
	deletes := cognigy.Count(http.MethodDelete, simulator.RouteKey)
	before, err := controlplane.CountRequests(bed.AuditLog)
	g.Expect(err).NotTo(HaveOccurred())
	for i := range keys {
		g.Expect(cluster.Create(t.Context(), newKey(namespace, fmt.Sprintf("key-%d", i), ids[i%endpoints]))).To(Succeed())
	}
	found := &v1alpha1.EndpointAPIKeyList{}
	g.Eventually(func(g Gomega) {
		g.Expect(cluster.List(t.Context(), found, client.InNamespace(namespace))).To(Succeed())
		for i := range found.Items {
			g.Expect(kstatusOf(g, &found.Items[i])).To(Equal(status.CurrentStatus))
		}
	}).WithTimeout(patience).Should(Succeed())
	g.Expect(found.Items).To(HaveLen(keys))

	g.Expect(cognigy.Live("")).To(HaveLen(keys))
	posts = cognigy.Count(http.MethodPost, simulator.RouteKeys) - posts
	g.Expect(posts).To(Equal(keys))
	g.Expect(cognigy.Count(http.MethodGet, simulator.RouteKeys)).To(Equal(lists), "no LIST before the drift interval")
	writes, dryRuns := operatorWrites(g, before)
	t.Logf("%d keys: %d writes, %d dry runs, %d POSTs, 0 LISTs", keys, writes, dryRuns, posts)
	g.Expect(writes).To(BeNumerically("<=", 4*keys))
	g.Expect(dryRuns).To(Equal(keys))

	for i := range found.Items {
		g.Expect(cluster.Delete(t.Context(), &found.Items[i])).To(Succeed())
	}
	g.Eventually(func(g Gomega) {
		g.Expect(cluster.List(t.Context(), found, client.InNamespace(namespace))).To(Succeed())
		g.Expect(found.Items).To(BeEmpty())
	}).WithTimeout(patience).Should(Succeed())
	g.Expect(cognigy.Live("")).To(BeEmpty())
	secrets := &corev1.SecretList{}
	g.Expect(cluster.List(t.Context(), secrets, client.InNamespace(namespace), client.HasLabels{v1alpha1.SecretTypeLabel})).To(Succeed())
	g.Expect(secrets.Items).To(ConsistOf(HaveField("Name", "credentials")))
	deletes = cognigy.Count(http.MethodDelete, simulator.RouteKey) - deletes
	t.Logf("deleted: %d DELETEs, %d LISTs", deletes, cognigy.Count(http.MethodGet, simulator.RouteKeys)-lists)
	g.Expect(deletes).To(Equal(keys))
}

// operatorWrites counts what the operator did to resources and Secrets: writes, and dry runs.
func operatorWrites(g Gomega, before controlplane.Counts) (writes, dryRuns int) {
	after, err := controlplane.CountRequests(bed.AuditLog)
	g.Expect(err).NotTo(HaveOccurred())
	counts := after.Since(before)
	user := "system:serviceaccount:" + installation.Namespace + ":" + installation.ServiceAccount
	counted := func(r controlplane.Request) bool {
		return r.User == user && (r.Resource == "endpointapikeys" || r.Resource == "secrets")
	}
	writes = counts.Sum(func(r controlplane.Request) bool { return counted(r) && r.Write() })
	dryRuns = counts.Sum(func(r controlplane.Request) bool { return counted(r) && r.DryRun })
	return writes, dryRuns
}

// connect makes a namespace with a connection that is ready.
func connect(t *testing.T, g Gomega, cognigy *simulator.Simulator) string {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-"}}
	g.Expect(cluster.Create(t.Context(), namespace)).To(Succeed())
	g.Expect(cluster.Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace.Name, Name: "credentials"},
		Data:       map[string][]byte{"api-key": []byte(cognigy.APIKey())},
	})).To(Succeed())
	connection := &v1alpha1.CognigyConnection{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace.Name, Name: "cognigy"},
		Spec: v1alpha1.ConnectionSpec{
			BaseURL: cognigy.URL(), CABundle: cognigy.CABundle(),
			Auth: v1alpha1.Auth{APIKey: &v1alpha1.APIKeyAuth{SecretRef: v1alpha1.SecretKeyReference{Name: "credentials"}}},
		},
	}
	g.Expect(cluster.Create(t.Context(), connection)).To(Succeed())
	g.Eventually(func(g Gomega) {
		g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(connection), connection)).To(Succeed())
		g.Expect(kstatusOf(g, connection)).To(Equal(status.CurrentStatus))
	}).WithTimeout(patience).Should(Succeed())
	return namespace.Name
}

func newKey(namespace, name, endpoint string) *v1alpha1.EndpointAPIKey {
	return &v1alpha1.EndpointAPIKey{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: v1alpha1.EndpointAPIKeySpec{
			ConnectionRef: v1alpha1.ConnectionReference{Name: "cognigy"}, Endpoint: v1alpha1.EndpointReference{ID: endpoint},
		},
	}
}

func kstatusOf(g Gomega, object client.Object) status.Status {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	g.Expect(err).NotTo(HaveOccurred())
	result, err := status.Compute(&unstructured.Unstructured{Object: content})
	g.Expect(err).NotTo(HaveOccurred())
	return result.Status
}
