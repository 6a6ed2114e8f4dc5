// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package argocd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/argocd/emulation"
	"github.com/cognigy-operator/cognigy-operator/test/states"
)

// want is the health that a state should have. Only Healthy lets the next sync wave begin; Degraded fails the sync.
func want(object *unstructured.Unstructured) emulation.Health {
	conditions := states.Conditions(object)
	ready, stalled := conditions["Ready"], conditions["Stalled"]
	observed, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	suspended, _, _ := unstructured.NestedBool(object.Object, "spec", "suspend")
	switch {
	case object.GetDeletionTimestamp() != nil:
		return emulation.Health{Status: "Progressing", Message: "The resource is being deleted"}
	case observed != object.GetGeneration():
		return emulation.Health{Status: "Progressing", Message: "The operator has not seen the resource as it is now"}
	case stalled.Status == "True":
		return emulation.Health{Status: "Degraded", Message: stalled.Message}
	case ready.Status == "True":
		return emulation.Health{Status: "Healthy", Message: ready.Message}
	case suspended:
		return emulation.Health{Status: "Suspended", Message: ready.Message}
	default:
		return emulation.Health{Status: "Progressing", Message: ready.Message}
	}
}

func TestHealthOfEveryState(t *testing.T) {
	for _, state := range states.All() {
		t.Run(state.Name, func(t *testing.T) {
			g := NewWithT(t)
			found, err := emulation.AssessHealth(state.Object, configured(t, state.Object.GetKind()).Health)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(found).To(Equal(want(state.Object)))
		})
	}
}

// What the operator itself never leaves, but someone may make.
func TestHealthOfIncompleteStatus(t *testing.T) {
	for _, kind := range kinds {
		for name, status := range map[string]any{
			"none":          nil,
			"empty":         map[string]any{},
			"no conditions": map[string]any{"observedGeneration": int64(1)},
			"none of ours": map[string]any{"observedGeneration": int64(1), "conditions": []any{
				map[string]any{"type": "Other", "status": "True"},
			}},
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				g := NewWithT(t)
				object := &unstructured.Unstructured{Object: map[string]any{"kind": kind, "metadata": map[string]any{"generation": int64(1)}, "spec": map[string]any{}}}
				if status != nil {
					object.Object["status"] = status
				}
				found, err := emulation.AssessHealth(object, configured(t, kind).Health)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(found.Status).To(Equal("Progressing"))
			})
		}
	}
}

// The test data of a contribution to Argo CD are some of the captured states.
func TestHealthCases(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			g := NewWithT(t)
			known, covered := statesOf(kind), map[string]bool{}
			var cases struct {
				Tests []struct {
					InputPath    string           `json:"inputPath"`
					HealthStatus emulation.Health `json:"healthStatus"`
				} `json:"tests"`
			}
			text, err := os.ReadFile(filepath.Join(customizations, kind, "health_test.yaml"))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(yaml.UnmarshalStrict(text, &cases)).To(Succeed())
			for _, c := range cases.Tests {
				state := known[strings.TrimSuffix(filepath.Base(c.InputPath), ".yaml")]
				g.Expect(state).NotTo(BeNil(), "%s is no captured state", c.InputPath)
				copyState(t, state, filepath.Join(customizations, kind, c.InputPath))
				found, err := emulation.AssessHealth(object(t, customizations, kind, c.InputPath), readScripts(t, kind).Health)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(found).To(Equal(c.HealthStatus), c.InputPath)
				covered[found.Status] = true
			}
			g.Expect(covered).To(And(HaveKey("Healthy"), HaveKey("Degraded"), HaveKey("Progressing")))
		})
	}
}

// copyState has a file of test data be a captured state.
func copyState(t *testing.T, state *unstructured.Unstructured, file string) {
	t.Helper()
	text, err := yaml.Marshal(state.Object)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	generated(t, file, string(text))
}
