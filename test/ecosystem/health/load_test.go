// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/states"
)

// load has the API server have an object in a state, under the state's name. Its generation is another than where the state was captured,
// so that what the status says of generations is moved by the difference.
func load(t *testing.T, state states.State) *unstructured.Unstructured {
	t.Helper()
	g, captured := NewWithT(t), state.Object
	live := &unstructured.Unstructured{Object: map[string]any{"spec": captured.DeepCopy().Object["spec"]}}
	live.SetGroupVersionKind(captured.GroupVersionKind())
	live.SetName(state.Name)
	live.SetFinalizers(captured.GetFinalizers())
	if captured.GetNamespace() != "" {
		live.SetNamespace(namespace)
	}
	g.Expect(cluster.Create(t.Context(), live)).To(Succeed())
	t.Cleanup(func() { release(t, live) })
	if captured.GetDeletionTimestamp() != nil {
		g.Expect(cluster.Delete(t.Context(), live)).To(Succeed())
		g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(live), live)).To(Succeed())
	}
	if len(states.Conditions(captured)) == 0 {
		return live // as created
	}
	status := captured.DeepCopy().Object["status"].(map[string]any)
	moved := live.GetGeneration() - captured.GetGeneration()
	move := func(within map[string]any) {
		if observed, found := within["observedGeneration"].(int64); found {
			within["observedGeneration"] = max(0, observed+moved)
		}
	}
	move(status)
	for _, condition := range status["conditions"].([]any) {
		move(condition.(map[string]any))
	}
	live.Object["status"] = status
	g.Expect(cluster.Status().Update(t.Context(), live)).To(Succeed())
	return live
}

// release removes an object, which no operator releases.
func release(t *testing.T, object *unstructured.Unstructured) {
	g := NewWithT(t)
	g.Expect(cluster.Patch(context.Background(), object, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`)))).To(Succeed())
	g.Expect(client.IgnoreNotFound(cluster.Delete(context.Background(), object))).To(Succeed())
}
