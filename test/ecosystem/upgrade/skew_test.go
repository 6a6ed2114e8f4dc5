// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package upgrade_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/upgrade"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

const patience = 3 * time.Minute

func newEnvironment(t *testing.T) *fixtures.Environment {
	t.Helper()
	return fixtures.New(t, fixtures.Options{
		Cluster: cluster, Context: context.Background(), Patience: patience, Cognigy: simulator.Options{TLS: true},
	})
}

// changeDefinition changes the schema of one of the operator's kinds until the test ends, and waits until the API server publishes it so.
func changeDefinition(t *testing.T, plural string, change func(properties map[string]any), published func(document string) bool) {
	t.Helper()
	g := NewWithT(t)
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
	crd.SetName(plural + ".cognigy-operator.io")
	var original map[string]any
	set := func(ctx context.Context, edit func()) {
		g.Eventually(func() error {
			if err := cluster.Get(ctx, client.ObjectKeyFromObject(crd), crd); err != nil {
				return err
			}
			edit()
			return cluster.Update(ctx, crd)
		}).WithTimeout(patience).Should(Succeed())
	}
	set(t.Context(), func() {
		original = crd.DeepCopy().Object["spec"].(map[string]any)
		version := crd.Object["spec"].(map[string]any)["versions"].([]any)[0].(map[string]any)
		change(version["schema"].(map[string]any)["openAPIV3Schema"].(map[string]any)["properties"].(map[string]any))
	})
	t.Cleanup(func() { set(context.Background(), func() { crd.Object["spec"] = original }) })
	server, err := discovery.NewDiscoveryClientForConfig(plane.Config())
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(func() (bool, error) {
		document, err := server.RESTClient().Get().AbsPath("/openapi/v3/apis/" + v1alpha1.GroupVersion.String()).Do(t.Context()).Raw()
		return published(string(document)), err
	}).WithTimeout(patience).Should(BeTrue())
}

// A new operator on old definitions works as far as it can, and says which fields it lacks and what to do.
func TestNewOperatorOnOldDefinitions(t *testing.T) {
	install(t, current, forced).operator.Stop()
	lacks := func(field string) func(string) bool {
		return func(document string) bool { return !strings.Contains(document, `"`+field+`":{`) }
	}
	changeDefinition(t, "endpointapikeys", func(properties map[string]any) {
		unstructured.RemoveNestedField(properties, "spec", "properties", "suspend")
		unstructured.RemoveNestedField(properties, "status", "properties", "retiring", "items", "properties", "keyPreview")
	}, lacks("suspend"))
	changeDefinition(t, "cognigyconnections", func(properties map[string]any) {
		unstructured.RemoveNestedField(properties, "status", "properties", "superKeyMintedAt")
	}, func(document string) bool { return strings.Count(document, `"superKeyMintedAt":{`) == 1 })

	const says = "the CustomResourceDefinitions are older than the operator"
	operator := operate(t, current)
	g := NewWithT(t)
	g.Eventually(operator.Output).WithTimeout(patience).Should(ContainSubstring(says))
	g.Expect(operator.Output()).To(And(
		ContainSubstring("apply those of this version"),
		ContainSubstring(`["CognigyConnection.status.superKeyMintedAt","EndpointAPIKey.spec.suspend","EndpointAPIKey.status.retiring[].keyPreview"]`),
	))
	e := newEnvironment(t)
	key := e.Key()
	e.Create(key)
	e.AwaitDelivered(key, 1)
	e.Delete(key)
	e.AwaitGone(key)
	operator.Stop()

	kubectl(t, append(forced, "--filename="+current.Manifests)...)
	operator = operate(t, current)
	g.Eventually(operator.Output).WithTimeout(patience).Should(ContainSubstring("Starting workers"))
	g.Consistently(operator.Output).Should(Not(ContainSubstring(says)))
	operator.Stop()
}

// future is a field that a later version may have.
const future = "future"

// An old operator on new definitions works, and keeps the fields that it does not know, whatever it writes.
func TestOldOperatorOnNewDefinitions(t *testing.T) {
	for _, release := range []upgrade.Release{earlier, current} {
		t.Run(release.Version, func(t *testing.T) {
			i := install(t, release, forced)
			add := func(properties map[string]any) {
				for _, part := range []string{"spec", "status"} {
					field := map[string]any{"type": "string"}
					if err := unstructured.SetNestedMap(properties, field, part, "properties", future); err != nil {
						t.Fatal(err)
					}
				}
			}
			changeDefinition(t, "endpointapikeys", add, func(document string) bool { return strings.Count(document, `"`+future+`":{`) == 2 })
			changeDefinition(t, "cognigyconnections", add, func(document string) bool { return strings.Count(document, `"`+future+`":{`) == 4 })
			keepsFuture(t, newEnvironment(t))
			NewWithT(t).Expect(i.operator.Output()).NotTo(ContainSubstring("older than the operator"))
			i.operator.Stop()
		})
	}
}

// keepsFuture has the operator that runs issue, rotate and revoke the key of a resource that has future fields.
func keepsFuture(t *testing.T, e *fixtures.Environment) {
	t.Helper()
	key, connection := e.Key(), e.Connection()
	e.AwaitReady(connection)
	e.Create(key)
	first := e.AwaitDelivered(key, 1)
	for _, object := range []client.Object{key, connection} {
		patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"`+future+`":"kept"},"status":{"`+future+`":"kept"}}`))
		e.Expect(cluster.Patch(e.Context, object.DeepCopyObject().(client.Object), patch)).To(Succeed())
		e.Expect(cluster.Status().Patch(e.Context, object.DeepCopyObject().(client.Object), patch)).To(Succeed())
	}
	e.Expect(fixtures.RequestRotation(e.Context, cluster, key, first.Status.IssuedAt.Add(time.Second))).To(Succeed())
	e.Await(func(g Gomega) { g.Expect(e.Read(key).Status.KeyID).NotTo(Equal(first.Status.KeyID)) })
	e.AwaitDelivered(key, 1)
	request := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"`+v1alpha1.RequestedAtAnnotation+`":"now"}}}`))
	e.Expect(cluster.Patch(e.Context, connection, request)).To(Succeed())
	e.Await(func(g Gomega) {
		g.Expect(cluster.Get(e.Context, client.ObjectKeyFromObject(connection), connection)).To(Succeed())
		g.Expect(connection.Status.LastHandledReconcileAt).To(Equal("now"), "the operator wrote the status")
	})
	for kind, name := range map[string]string{"EndpointAPIKey": key.Name, "CognigyConnection": connection.Name} {
		found := &unstructured.Unstructured{}
		found.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
		e.Expect(cluster.Get(e.Context, client.ObjectKey{Namespace: e.Namespace, Name: name}, found)).To(Succeed())
		text, err := json.Marshal(found)
		e.Expect(err).NotTo(HaveOccurred())
		e.Expect(strings.Count(string(text), `"`+future+`":"kept"`)).To(Equal(2), string(text))
	}
	e.Delete(key)
	e.AwaitGone(key)
}
