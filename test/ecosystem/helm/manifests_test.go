// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// release is the release's name in tests. Names of objects are then those of config/default.
const release = "cognigy-operator"

// kubeVersion is one that charts are rendered for without a cluster.
const kubeVersion = "v1.36.3"

// values returns the file of a mode of the chart.
func values(mode string) string { return filepath.Join(operator, "ci", mode+"-values.yaml") }

// modes are those of the chart's files of values.
func modes(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob(values("*"))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	NewWithT(t).Expect(files).NotTo(BeEmpty())
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), "-values.yaml"))
	}
	return names
}

// render returns what the operator's chart renders without a cluster.
func render(t *testing.T, arguments ...string) []*unstructured.Unstructured {
	t.Helper()
	arguments = append([]string{"template", release, operator, "--namespace=" + installation.Namespace, "--kube-version=" + kubeVersion}, arguments...)
	return parse(t, succeed(t, arguments...))
}

// parse reads YAML documents.
func parse(t *testing.T, manifests string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := installation.Decode(strings.NewReader(manifests))
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), manifests)
	return objects
}

// byName returns objects by kind, namespace and name. There must not be two of one name.
func byName(t *testing.T, objects []*unstructured.Unstructured) map[string]*unstructured.Unstructured {
	t.Helper()
	found := map[string]*unstructured.Unstructured{}
	for _, object := range objects {
		name := strings.Join([]string{object.GetKind(), object.GetNamespace(), object.GetName()}, "/")
		NewWithT(t).Expect(found).NotTo(HaveKey(name))
		found[name] = object
	}
	return found
}

// deploymentOf returns the Deployment among objects.
func deploymentOf(t *testing.T, objects []*unstructured.Unstructured) *appsv1.Deployment {
	t.Helper()
	g := NewWithT(t)
	for _, object := range objects {
		if object.GetKind() == "Deployment" {
			deployment := &appsv1.Deployment{}
			g.Expect(runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, deployment, true)).To(Succeed())
			return deployment
		}
	}
	t.Fatal("there is no Deployment")
	return nil
}
