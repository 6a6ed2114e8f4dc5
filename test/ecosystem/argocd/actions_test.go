// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package argocd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/argocd/emulation"
)

// now stands in test data for the time of an action.
const now = "0001-01-01T00:00:00Z"

// does is what each action does to an object.
var does = map[string]func(*unstructured.Unstructured){
	"rotate":    func(object *unstructured.Unstructured) { annotate(object, v1alpha1.RotateRequestedAtAnnotation) },
	"reconcile": func(object *unstructured.Unstructured) { annotate(object, v1alpha1.RequestedAtAnnotation) },
	"suspend": func(object *unstructured.Unstructured) {
		_ = unstructured.SetNestedField(object.Object, true, "spec", "suspend")
	},
	"resume": func(object *unstructured.Unstructured) {
		unstructured.RemoveNestedField(object.Object, "spec", "suspend")
	},
}

func annotate(object *unstructured.Unstructured, name string) {
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[name] = now
	object.SetAnnotations(annotations)
}

// timeless returns an object with now instead of the time of an action.
func timeless(t *testing.T, object *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	for _, name := range []string{v1alpha1.RotateRequestedAtAnnotation, v1alpha1.RequestedAtAnnotation} {
		if at, found := object.GetAnnotations()[name]; found {
			parsed, err := time.Parse(time.RFC3339, at)
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			NewWithT(t).Expect(parsed).To(BeTemporally("~", time.Now(), time.Minute))
			annotate(object, name)
		}
	}
	return object
}

// actionCases are the test data of a contribution to Argo CD.
type actionCases struct {
	DiscoveryTests []struct {
		InputPath string `json:"inputPath"`
		Result    []struct {
			Name     string `json:"name"`
			Disabled bool   `json:"disabled"`
		} `json:"result"`
	} `json:"discoveryTests"`
	ActionTests []struct {
		Action             string `json:"action"`
		InputPath          string `json:"inputPath"`
		ExpectedOutputPath string `json:"expectedOutputPath"`
	} `json:"actionTests"`
}

func TestActionCases(t *testing.T) {
	for _, kind := range kinds {
		g := NewWithT(t)
		folder, of := filepath.Join(customizations, kind, "actions"), readScripts(t, kind)
		text, err := os.ReadFile(filepath.Join(folder, "action_test.yaml"))
		g.Expect(err).NotTo(HaveOccurred())
		var cases actionCases
		g.Expect(yaml.UnmarshalStrict(text, &cases)).To(Succeed())
		input := func(t *testing.T, path string) *unstructured.Unstructured {
			t.Helper()
			state := statesOf(kind)[strings.TrimSuffix(filepath.Base(path), ".yaml")]
			NewWithT(t).Expect(state).NotTo(BeNil(), "%s is no captured state", path)
			copyState(t, state, filepath.Join(folder, path))
			return object(t, folder, path)
		}
		for _, c := range cases.DiscoveryTests {
			t.Run(kind+"/discovery/"+c.InputPath, func(t *testing.T) {
				want := map[string]bool{}
				for _, action := range c.Result {
					want[action.Name] = action.Disabled
				}
				g := NewWithT(t)
				found, err := emulation.Discover(input(t, c.InputPath), of.Discovery)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(found).To(Equal(want))
				g.Expect(found).To(HaveLen(len(actions[kind])))
			})
		}
		tested := []string{}
		for _, c := range cases.ActionTests {
			tested = append(tested, c.Action)
			t.Run(kind+"/"+c.Action, func(t *testing.T) {
				g := NewWithT(t)
				before := input(t, c.InputPath)
				found, err := emulation.Act(before.DeepCopy(), of.Actions[c.Action])
				g.Expect(err).NotTo(HaveOccurred())
				want := before.DeepCopy()
				does[c.Action](want)
				copyState(t, want, filepath.Join(folder, c.ExpectedOutputPath))
				g.Expect(yaml.Marshal(timeless(t, found).Object)).To(MatchYAML(must(yaml.Marshal(want.Object))))
			})
		}
		g.Expect(tested).To(ConsistOf(actions[kind]))
	}
}

func must(text []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return text
}
