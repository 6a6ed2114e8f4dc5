// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package argocd

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/argocd/emulation"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// read returns an object as Argo CD has it.
func read(e *fixtures.Environment, kind, name string) *unstructured.Unstructured {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	key := client.ObjectKey{Namespace: e.Namespace, Name: name}
	if kind == "ClusterCognigyConnection" {
		key.Namespace = ""
	}
	e.Expect(bed.Cluster.Get(e.Context, key, live)).To(Succeed())
	return live
}

// act does an action on an object of the API server, which must be one that Argo CD offers.
func act(t *testing.T, e *fixtures.Environment, kind, name, action string) {
	t.Helper()
	g, of, live := NewWithT(t), configured(t, kind), read(e, kind, name)
	disabled, err := emulation.Discover(live, of.Discovery)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(disabled).To(HaveKeyWithValue(action, false))
	changed, err := emulation.Act(live, of.Actions[action])
	g.Expect(err).NotTo(HaveOccurred())
	patch, err := emulation.Patch(live, changed)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(bed.Cluster.Patch(e.Context, live, client.RawPatch(types.MergePatchType, patch))).To(Succeed(), string(patch))
}

// awaitHealth waits until an object has a health by the scripts.
func awaitHealth(t *testing.T, e *fixtures.Environment, kind, name, want string) {
	t.Helper()
	script := configured(t, kind).Health
	e.Await(func(g Gomega) {
		found, err := emulation.AssessHealth(read(e, kind, name), script)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(found.Status).To(Equal(want), found.Message)
	})
}

func TestRotateMakesAnotherKey(t *testing.T) {
	e := newEnvironment(t)
	e.Connect()
	key := e.Key()
	e.Create(key)
	before := e.AwaitDelivered(key, 1)
	// The action's time has whole seconds, and a key that was issued within that second is not older.
	e.Eventually(time.Now).WithTimeout(patience).Should(BeTemporally(">=", before.Status.IssuedAt.Add(time.Second)))
	act(t, e, "EndpointAPIKey", key.Name, "rotate")
	e.Await(func(g Gomega) { g.Expect(e.Read(key).Status.KeyID).NotTo(Equal(before.Status.KeyID)) })
	after := e.AwaitDelivered(key, 1)
	e.Expect(after.Status.LastHandledRotateAt).To(Equal(after.Annotations[v1alpha1.RotateRequestedAtAnnotation]))
	e.Expect(e.Posts()).To(Equal(2))
}

func TestReconcileRotatesNoKey(t *testing.T) {
	e := newEnvironment(t)
	e.Connect()
	shared := &v1alpha1.ClusterCognigyConnection{Spec: v1alpha1.ClusterCognigyConnectionSpec{
		ConnectionSpec: e.ConnectionSpec(), AllowedNamespaces: v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll},
	}}
	shared.Name = e.Namespace
	e.Create(shared)
	t.Cleanup(func() { e.Delete(shared) })
	key := e.Key()
	e.Create(key)
	before := e.AwaitDelivered(key, 1)
	for kind, name := range map[string]string{
		"EndpointAPIKey": key.Name, "CognigyConnection": fixtures.ConnectionName, "ClusterCognigyConnection": shared.Name,
	} {
		act(t, e, kind, name, "reconcile")
		e.Await(func(g Gomega) {
			live := read(e, kind, name)
			handled, _, _ := unstructured.NestedString(live.Object, "status", "lastHandledReconcileAt")
			g.Expect(handled).To(Equal(live.GetAnnotations()[v1alpha1.RequestedAtAnnotation]))
		})
	}
	e.Expect(e.AwaitDelivered(key, 1).Status.KeyID).To(Equal(before.Status.KeyID))
	e.Expect(e.Posts()).To(Equal(1))
}

func TestSuspendAndResume(t *testing.T) {
	e := newEnvironment(t)
	key := e.Key()
	e.Create(key)
	act(t, e, "EndpointAPIKey", key.Name, "suspend")
	e.Connect()
	awaitHealth(t, e, "EndpointAPIKey", key.Name, "Suspended")
	e.Expect(e.Posts()).To(BeZero())
	act(t, e, "EndpointAPIKey", key.Name, "resume")
	awaitHealth(t, e, "EndpointAPIKey", key.Name, "Healthy")
	delivered := e.AwaitDelivered(key, 1)

	act(t, e, "EndpointAPIKey", key.Name, "suspend")
	e.Await(func(g Gomega) {
		g.Expect(e.Read(key).Status.Conditions).To(ConsistOf(HaveField("Reason", v1alpha1.ReasonSuspended)))
	})
	awaitHealth(t, e, "EndpointAPIKey", key.Name, "Healthy")
	act(t, e, "EndpointAPIKey", key.Name, "resume")
	e.Expect(e.AwaitDelivered(key, 1).Status.KeyID).To(Equal(delivered.Status.KeyID))
	e.Expect(e.Posts()).To(Equal(1))
}
