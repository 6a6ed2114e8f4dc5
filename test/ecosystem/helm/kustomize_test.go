// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// metadataOfTools are the labels and annotations that say which tool made an object, of which version. That is all that chart and
// kustomization differ by.
var metadataOfTools = []string{
	"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart",
	"helm.sh/resource-policy",
}

// TestKustomize proves that chart and kustomization install the same, so that documentation, tests and users of one can rely on the other.
func TestKustomize(t *testing.T) {
	for _, test := range []struct {
		name   string
		want   []*unstructured.Unstructured
		values []string
	}{
		{"default", shipped(t, "default"), nil},
		{"prometheus", kustomized(t, withComponent(t, "prometheus")), []string{
			"--set=metrics.prometheusRule.enabled=true", "--set=metrics.prometheusRule.renderMode=alwaysRender",
		}},
		{"grafana", kustomized(t, withComponent(t, "grafana")), []string{"--set=metrics.dashboard.enabled=true"}},
		{"rollout", read(t, "config/rollout/restart_role.yaml"), []string{"--set=rolloutRestart.enabled=true"}},
		{"admission", read(t, "config/admission/connection_policy.yaml"), []string{
			"--set=connectionPolicy.enabled=true", "--set=connectionPolicy.hosts={api-trial.cognigy.ai}",
		}},
		{"policies", shipped(t, "policies"), []string{"--set=tenantPolicies.enabled=true"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := NewWithT(t)
			want, got := bare(t, test.want), bare(t, withoutHooks(render(t, test.values...)))
			// A kustomization creates the namespace; Helm does that with --create-namespace.
			delete(want, "Namespace//cognigy-operator-system")
			for name := range want {
				g.Expect(cmp.Diff(want[name], got[name])).To(BeEmpty(), name)
			}
			if slices.Contains([]string{"default", "prometheus", "grafana"}, test.name) { // which are complete
				g.Expect(got).To(HaveLen(len(want)))
			}
		})
	}
}

// withoutHooks leaves out what only Helm makes use of.
func withoutHooks(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	return slices.DeleteFunc(objects, func(object *unstructured.Unstructured) bool { return object.GetAnnotations()["helm.sh/hook"] != "" })
}

// withComponent is a kustomization of a user, who adds a component of config to config/default.
func withComponent(t *testing.T, name string) (folder string) {
	t.Helper()
	g := NewWithT(t)
	folder, err := filepath.EvalSymlinks(t.TempDir())
	g.Expect(err).NotTo(HaveOccurred())
	whole, err := filepath.Abs(repository)
	g.Expect(err).NotTo(HaveOccurred())
	config, err := filepath.Rel(folder, filepath.Join(whole, "config"))
	g.Expect(err).NotTo(HaveOccurred())
	content := fmt.Sprintf("resources: [%[1]s/default]\ncomponents: [%[1]s/%[2]s]\n", config, name)
	g.Expect(os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(content), 0o600)).To(Succeed())
	return folder
}

// shipped returns what a folder of config installs.
func shipped(t *testing.T, folder string) []*unstructured.Unstructured {
	t.Helper()
	return kustomized(t, filepath.Join(repository, "config", folder))
}

// kustomized returns what a kustomization installs.
func kustomized(t *testing.T, folder string) []*unstructured.Unstructured {
	t.Helper()
	g := NewWithT(t)
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	g.Expect(err).NotTo(HaveOccurred())
	manifests, err := built.AsYaml()
	g.Expect(err).NotTo(HaveOccurred())
	return parse(t, string(manifests))
}

// read reads manifests of the repository.
func read(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := installation.Read(filepath.Join(repository, file))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return objects
}

// bare returns objects without metadataOfTools, by kind, namespace and name.
func bare(t *testing.T, objects []*unstructured.Unstructured) map[string]*unstructured.Unstructured {
	t.Helper()
	for _, object := range objects {
		labels, annotations := object.GetLabels(), object.GetAnnotations()
		for _, name := range metadataOfTools {
			delete(labels, name)
			delete(annotations, name)
		}
		if strings.HasSuffix(object.GetName(), "-metrics") {
			delete(labels, "app.kubernetes.io/component") // by which a ServiceMonitor, which only the chart has, selects the Service
		}
		if object.SetLabels(labels); len(labels) == 0 {
			object.SetLabels(nil)
		}
		if object.SetAnnotations(annotations); len(annotations) == 0 {
			object.SetAnnotations(nil)
		}
	}
	return byName(t, objects)
}
