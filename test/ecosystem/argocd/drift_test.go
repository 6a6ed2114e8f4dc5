// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package argocd

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// samples returns our objects of config/samples.
func samples(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	g := NewWithT(t)
	files, err := filepath.Glob(repository + "/config/samples/cognigy-operator.io_*.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(files).NotTo(BeEmpty())
	var found []*unstructured.Unstructured
	for _, file := range files {
		objects, err := installation.Read(file)
		g.Expect(err).NotTo(HaveOccurred())
		for _, object := range objects {
			if strings.HasPrefix(object.GetAPIVersion(), "cognigy-operator.io/") {
				found = append(found, object)
			}
		}
	}
	return found
}

// Defaults of the API server and what the operator writes are no difference between Git and the cluster, by either of the ways in which
// Argo CD compares them. Without credentials, the operator sends nothing.
func TestNoDrift(t *testing.T) {
	for _, sample := range samples(t) {
		t.Run(sample.GetKind()+"/"+sample.GetName(), func(t *testing.T) {
			g, ctx := NewWithT(t), context.Background()
			g.Expect(bed.Cluster.Apply(ctx, client.ApplyConfigurationFromUnstructured(sample.DeepCopy()), owner)).To(Succeed())
			t.Cleanup(func() { NewWithT(t).Expect(bed.Cluster.Delete(ctx, sample.DeepCopy())).To(Succeed()) })
			live := sample.DeepCopy()
			g.Eventually(func(g Gomega) {
				g.Expect(bed.Cluster.Get(ctx, client.ObjectKeyFromObject(sample), live)).To(Succeed())
				observed, _, _ := unstructured.NestedInt64(live.Object, "status", "observedGeneration")
				g.Expect(observed).To(Equal(live.GetGeneration()))
			}).WithTimeout(patience).Should(Succeed())

			g.Expect(serverSideDiff(t, sample, live)).To(BeEmpty())
			g.Expect(threeWayDiff(t, sample, sample, live)).To(Equal("{}"))

			edited := sample.DeepCopy()
			edited.SetAnnotations(map[string]string{"edited": "in Git"})
			g.Expect(serverSideDiff(t, edited, live)).NotTo(BeEmpty())
			g.Expect(threeWayDiff(t, sample, edited, live)).NotTo(Equal("{}"))
		})
	}
}

// serverSideDiff is what a server-side apply of Git's object by another would change, which is no conflict.
func serverSideDiff(t *testing.T, git, live *unstructured.Unstructured) string {
	t.Helper()
	predicted := git.DeepCopy()
	dryRun := client.ApplyConfigurationFromUnstructured(predicted)
	NewWithT(t).Expect(bed.Cluster.Apply(t.Context(), dryRun, client.FieldOwner("another"), client.DryRunAll)).To(Succeed())
	predicted.SetManagedFields(nil)
	predicted.SetResourceVersion(live.GetResourceVersion())
	live = live.DeepCopy()
	live.SetManagedFields(nil)
	return cmp.Diff(live.Object, predicted.Object)
}

// threeWayDiff is the patch that Argo CD calculates itself for custom resources: before is what was applied last.
func threeWayDiff(t *testing.T, before, git, live *unstructured.Unstructured) string {
	t.Helper()
	patch, err := jsonmergepatch.CreateThreeWayJSONMergePatch(must(before.MarshalJSON()), must(git.MarshalJSON()), must(live.MarshalJSON()))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return string(patch)
}
