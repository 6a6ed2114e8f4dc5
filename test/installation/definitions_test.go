// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package installation_test

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/yaml"
)

const (
	// together is what all CustomResourceDefinitions may have: a release of Helm, which is a Secret, has to hold them.
	together = 200 << 10
	// annotations is what Kubernetes permits of annotations of an object. kubectl, where it applies client-side, keeps the whole object in one.
	annotations = 256 << 10
)

// The definitions can be applied by every tool, and leave room to grow.
func TestDefinitionsAreSmall(t *testing.T) {
	g := NewWithT(t)
	files, err := filepath.Glob(filepath.Join("..", "..", "config", "crd", "bases", "*.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(files).To(HaveLen(3))
	sum := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		g.Expect(err).NotTo(HaveOccurred())
		applied, err := yaml.YAMLToJSON(text)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(len(applied)).To(BeNumerically("<", annotations/2), "the annotation of %s", filepath.Base(file))
		sum += max(len(text), len(applied))
	}
	g.Expect(sum).To(BeNumerically("<", together), "bytes of all definitions")
}
