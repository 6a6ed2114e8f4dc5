// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

const connections = repository + "/charts/cognigy-connections"

// The chart's release is changed and removed like any other, and takes every connection that the samples show.
func TestConnections(t *testing.T) {
	g := NewWithT(t)
	removeCRDs(t)
	namespace := createNamespace(t)
	_, err := helm(t, "install", "connections", connections, "--namespace="+namespace, "--values="+connections+"/ci/both-values.yaml")
	g.Expect(err).To(MatchError(ContainSubstring("ensure CRDs are installed first")))

	succeed(t, "install", release, operator, "--namespace="+namespace)
	t.Cleanup(func() { succeed(t, "uninstall", release, "--namespace="+namespace, "--no-hooks") })
	file, samples := sampleConnections(t, namespace)
	succeed(t, "lint", "--strict", connections, "--values="+file)
	succeed(t, "install", "connections", connections, "--namespace="+namespace, "--values="+file)
	for _, sample := range samples {
		found := sample.DeepCopy()
		g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(sample), found)).To(Succeed())
		spec, err := json.Marshal(sample.Object["spec"])
		g.Expect(err).NotTo(HaveOccurred())
		// What the samples say is there, beside defaults.
		unchanged := found.DeepCopy()
		g.Expect(cluster.Patch(t.Context(), found, client.RawPatch("application/merge-patch+json", []byte(`{"spec":`+string(spec)+`}`)))).To(Succeed())
		g.Expect(found.GetGeneration()).To(Equal(unchanged.GetGeneration()), sample.GetName())
	}

	succeed(t, "upgrade", "connections", connections, "--namespace="+namespace, "--values="+file, "--set=connections.cognigy.requestTimeout=1m",
		"--set=clusterConnections.onpremise=null")
	changed := &v1alpha1.CognigyConnection{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "cognigy"}}
	g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(changed), changed)).To(Succeed())
	g.Expect(changed.Spec.RequestTimeout.Duration.Duration).To(Equal(time.Minute))
	removed := &v1alpha1.ClusterCognigyConnection{}
	g.Expect(client.IgnoreNotFound(cluster.Get(t.Context(), client.ObjectKey{Name: "onpremise"}, removed))).To(Succeed())
	g.Expect(removed.Name).To(BeEmpty())

	succeed(t, "uninstall", "connections", "--namespace="+namespace, "--wait", "--timeout=2m")
	gone(t, samples)
}

// sampleConnections returns the connections of config/samples, and a file of values that asks for them.
func sampleConnections(t *testing.T, namespace string) (file string, samples []*unstructured.Unstructured) {
	t.Helper()
	g := NewWithT(t)
	given := map[string]map[string]any{"connections": {}, "clusterConnections": {}}
	files, err := filepath.Glob(filepath.Join(repository, "config", "samples", "*connection*.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	for _, file := range files {
		relative, err := filepath.Rel(repository, file)
		g.Expect(err).NotTo(HaveOccurred())
		for _, sample := range read(t, relative) {
			key := "clusterConnections"
			if sample.GetNamespace() != "" {
				key = "connections"
				sample.SetNamespace(namespace)
			}
			given[key][sample.GetName()] = sample.Object["spec"]
			samples = append(samples, sample)
		}
	}
	g.Expect(given).To(HaveEach(Not(BeEmpty())))
	content, err := json.Marshal(given)
	g.Expect(err).NotTo(HaveOccurred())
	file = filepath.Join(t.TempDir(), "values.yaml")
	g.Expect(os.WriteFile(file, content, 0o600)).To(Succeed())
	return file, samples
}

// What the API does not know is refused before it is sent anywhere, a credential among it.
func TestRefusedConnections(t *testing.T) {
	for _, test := range []struct{ values, says string }{
		{"--set=connection.a.baseURL=x", "'connection' not allowed"},
		{"--set=connections.a.baseUrl=https://cognigy.example.com", "'baseUrl' not allowed"},
		{"--set=connections.a.baseURL=https://cognigy.example.com", "missing property 'auth'"},
		{"--set=connections.a.auth.apiKey.value=s3cr3t", "'value' not allowed"},
		{"--set=clusterConnections.a.allowedNamespaces.selectors=x", "'selectors' not allowed"},
	} {
		output, err := helm(t, "template", "connections", connections, "--kube-version="+kubeVersion, test.values)
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(test.says)), "%q: %s", test.values, output)
	}
}
