// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

const (
	deletionPolicyFile = "../../config/admission/crd_deletion_policy.yaml"
	confirmation       = "cognigy-operator.io/confirm-deletion"
	unconfirmed        = "Then confirm: kubectl annotate crd "
)

func definition(name string) *unstructured.Unstructured {
	crd := &unstructured.Unstructured{}
	crd.SetAPIVersion("apiextensions.k8s.io/v1")
	crd.SetKind("CustomResourceDefinition")
	crd.SetName(name)
	return crd
}

// foreign creates a definition that is none of the operator's.
func foreign(t *testing.T, plural, group string, finalizers ...string) *unstructured.Unstructured {
	t.Helper()
	crd := definition(plural + "." + group)
	crd.SetLabels(map[string]string{"test": "foreign"})
	if crd.SetFinalizers(finalizers); finalizers != nil {
		crd.SetAnnotations(map[string]string{confirmation: "true"})
	}
	crd.Object["spec"] = map[string]any{
		"group": group, "scope": "Cluster", "names": map[string]any{"plural": plural, "kind": "Widget", "listKind": "WidgetList"},
		"versions": []any{map[string]any{
			"name": "v1", "served": true, "storage": true, "schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object"}},
		}},
	}
	NewWithT(t).Expect(typed.Create(t.Context(), crd)).To(Succeed())
	return crd
}

// applyDeletionPolicy puts the policy into force until the test ends, and returns when it is in force.
func applyDeletionPolicy(t *testing.T) {
	t.Helper()
	g := NewWithT(t)
	objects, err := installation.Read(deletionPolicyFile)
	g.Expect(err).NotTo(HaveOccurred())
	for _, object := range objects {
		g.Expect(typed.Create(t.Context(), object)).To(Succeed())
		t.Cleanup(func() { NewWithT(t).Expect(typed.Delete(context.Background(), object)).To(Succeed()) })
	}
	g.Eventually(func() error {
		return typed.Delete(t.Context(), definition("endpointapikeys.cognigy-operator.io"), client.DryRunAll)
	}).WithTimeout(30 * time.Second).Should(MatchError(ContainSubstring(unconfirmed)))
}

// All deletions are dry runs, which the API server admits or refuses like any other: the definitions serve the other tests.
func TestCRDDeletionPolicy(t *testing.T) {
	applyDeletionPolicy(t)
	for _, k := range kinds {
		t.Run(k.kind, func(t *testing.T) {
			g := NewWithT(t)
			crd := definition(k.resource + ".cognigy-operator.io")
			remove := func() error { return typed.Delete(t.Context(), crd, client.DryRunAll) }
			annotate := func(value string) {
				patch := []byte(`{"metadata":{"annotations":{"` + confirmation + `":` + value + `}}}`)
				g.Expect(typed.Patch(t.Context(), crd, client.RawPatch(types.MergePatchType, patch))).To(Succeed())
			}
			err := remove()
			g.Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
			g.Expect(err).To(MatchError(And(
				ContainSubstring("would delete all "+k.resource), ContainSubstring("make undeploy"),
				ContainSubstring(unconfirmed+crd.GetName()+" "+confirmation+"=true"),
			)))
			for _, value := range []string{`""`, `"false"`, `"yes"`} {
				annotate(value)
				g.Expect(remove()).To(MatchError(ContainSubstring(unconfirmed)), value)
			}
			annotate(`"true"`)
			g.Expect(remove()).To(Succeed())
			annotate("null")
			g.Expect(remove()).To(MatchError(ContainSubstring(unconfirmed)))
		})
	}

	t.Run("other definitions are nobody's business", func(t *testing.T) {
		g := NewWithT(t)
		for _, group := range []string{"example.com", "not-cognigy-operator.io", "cognigy-operator.io.example.com"} {
			crd := foreign(t, "widgets", group)
			g.Expect(typed.Delete(t.Context(), crd, client.DryRunAll)).To(Succeed(), group)
		}
		g.Expect(typed.DeleteAllOf(t.Context(), definition(""), client.MatchingLabels{"test": "foreign"}, client.DryRunAll)).To(Succeed())
		g.Expect(typed.DeleteAllOf(t.Context(), definition(""), client.MatchingLabels{"test": "foreign"})).To(Succeed())
	})

	// `kubectl delete crds --all` asks for each by its name; other clients ask for the collection.
	t.Run("a whole collection", func(t *testing.T) {
		g := NewWithT(t)
		err := typed.DeleteAllOf(t.Context(), definition(""), client.DryRunAll)
		g.Expect(err).To(MatchError(ContainSubstring(unconfirmed)))
	})

	t.Run("a definition that is being deleted already", func(t *testing.T) {
		g := NewWithT(t)
		crd := foreign(t, "leftovers", "cognigy-operator.io", "example.com/keep")
		g.Expect(typed.Delete(t.Context(), crd)).To(Succeed())
		patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":null}}`))
		g.Expect(typed.Patch(t.Context(), crd, patch)).To(Succeed())
		g.Expect(crd.GetDeletionTimestamp()).NotTo(BeNil())
		g.Expect(typed.Delete(t.Context(), crd)).To(Succeed())
		patch = client.RawPatch(types.JSONPatchType, []byte(`[{"op":"remove","path":"/metadata/finalizers"}]`))
		g.Expect(client.IgnoreNotFound(typed.Patch(t.Context(), crd, patch))).To(Succeed())
	})
}
