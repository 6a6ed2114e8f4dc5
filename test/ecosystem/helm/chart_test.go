// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"sigs.k8s.io/yaml"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// What Artifact Hub shows is what the chart installs.
func TestArtifactHub(t *testing.T) {
	g := NewWithT(t)
	chart, err := loader.Load(operator)
	g.Expect(err).NotTo(HaveOccurred())
	annotation := func(name string, to any) {
		g.Expect(yaml.UnmarshalStrict([]byte(chart.Metadata.Annotations["artifacthub.io/"+name]), to)).To(Succeed(), name)
	}
	objects := render(t)

	var images []struct{ Name, Image string }
	annotation("images", &images)
	g.Expect(images).To(ConsistOf(HaveField("Image", deploymentOf(t, objects).Spec.Template.Spec.Containers[0].Image)))

	var crds []struct{ Kind, Version, Name, DisplayName, Description string }
	annotation("crds", &crds)
	var names []string
	for _, object := range objects {
		if object.GetKind() == "CustomResourceDefinition" {
			names = append(names, object.GetName())
		}
	}
	g.Expect(crds).To(HaveLen(len(names)))
	g.Expect(crds).To(HaveEach(And(HaveField("Name", BeElementOf(names)), HaveField("Description", Not(BeEmpty())))))

	var examples []map[string]any
	annotation("crdsExamples", &examples)
	shown := map[any]bool{}
	for _, example := range examples {
		shown[example["kind"]] = true
	}
	for _, crd := range crds {
		g.Expect(shown).To(HaveKey(crd.Kind))
	}

	var changes []struct{ Kind, Description string }
	annotation("changes", &changes)
	g.Expect(changes).NotTo(BeEmpty())
	g.Expect(changes).To(HaveEach(HaveField("Kind", BeElementOf("added", "changed", "deprecated", "removed", "fixed", "security"))))
}

// The chart takes what a parent chart gives to each dependency, for all that its schema is closed.
func TestSubchart(t *testing.T) {
	g := NewWithT(t)
	parent := t.TempDir()
	g.Expect(os.WriteFile(filepath.Join(parent, "Chart.yaml"), []byte(`{apiVersion: v2, name: parent, version: 1.0.0, dependencies: [
		{name: cognigy-operator, version: "*", condition: cognigy-operator.enabled}]}`), 0o600)).To(Succeed())
	g.Expect(os.CopyFS(filepath.Join(parent, "charts", "cognigy-operator"), os.DirFS(operator))).To(Succeed())
	template := []string{
		"template", release, parent, "--namespace=" + installation.Namespace, "--kube-version=" + kubeVersion, "--set=global.region=eu",
	}
	on := parse(t, succeed(t, append(template, "--set=cognigy-operator.enabled=true")...))
	g.Expect(byName(t, on)).To(Equal(byName(t, render(t))))
	g.Expect(parse(t, succeed(t, append(template, "--set=cognigy-operator.enabled=false")...))).To(BeEmpty())
}
