// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package argocd

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/argocd/emulation"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

const (
	page = repository + "/docs/argocd.md"
	wave = "argocd.argoproj.io/sync-wave"
	// owner is Argo CD's field manager.
	owner = client.FieldOwner("argocd-controller")
)

// app are the objects of an application, by sync wave.
type app map[int][]*unstructured.Unstructured

// documented returns the application that the documentation shows, in the namespace of an environment and connected to its Cognigy.
func documented(t *testing.T, e *fixtures.Environment) app {
	t.Helper()
	g := NewWithT(t)
	text, err := os.ReadFile(page)
	g.Expect(err).NotTo(HaveOccurred())
	_, block, _ := strings.Cut(string(text), "```yaml\n")
	block, _, _ = strings.Cut(block, "```")
	found := app{}
	objects, err := installation.Decode(strings.NewReader(block))
	g.Expect(err).NotTo(HaveOccurred())
	for _, object := range objects {
		object.SetNamespace(e.Namespace)
		switch object.GetKind() {
		case "CognigyConnection":
			spec, err := runtime.DefaultUnstructuredConverter.ToUnstructured(new(e.ConnectionSpec()))
			g.Expect(err).NotTo(HaveOccurred())
			spec["auth"] = object.Object["spec"].(map[string]any)["auth"]
			object.Object["spec"] = spec
		case "EndpointAPIKey":
			g.Expect(unstructured.SetNestedField(object.Object, e.Endpoint.ID, "spec", "endpoint", "id")).To(Succeed())
		}
		number, err := strconv.Atoi(object.GetAnnotations()[wave])
		g.Expect(err).NotTo(HaveOccurred(), "%s has a sync wave", object.GetKind())
		found[number] = append(found[number], object)
	}
	return found
}

// sync applies an application as Argo CD does: each wave when all objects of the one before are Healthy. It stops at a wave with a
// Degraded object, and returns the last wave that it applied.
func (a app) sync(t *testing.T, e *fixtures.Environment) (last int) {
	t.Helper()
	for _, number := range slices.Sorted(maps.Keys(a)) {
		last = number
		for _, object := range a[number] {
			e.Expect(bed.Cluster.Apply(e.Context, client.ApplyConfigurationFromUnstructured(object.DeepCopy()), owner, client.ForceOwnership)).To(Succeed())
		}
		for _, object := range a[number] {
			if !slices.Contains(kinds, object.GetKind()) {
				continue // Argo CD knows the health of Deployments by itself, and finds Secrets healthy
			}
			var found emulation.Health
			e.Await(func(g Gomega) {
				var err error
				found, err = emulation.AssessHealth(read(e, object.GetKind(), object.GetName()), configured(t, object.GetKind()).Health)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(found.Status).To(BeElementOf("Healthy", "Degraded"), found.Message)
			})
			if found.Status == "Degraded" {
				return last
			}
		}
	}
	return last
}

// remove deletes an application as Argo CD does: the waves in reverse, each when all objects of the one after are gone.
func (a app) remove(e *fixtures.Environment) {
	for _, number := range slices.Backward(slices.Sorted(maps.Keys(a))) {
		for _, object := range a[number] {
			e.Expect(bed.Cluster.Delete(e.Context, object.DeepCopy(), client.PropagationPolicy("Foreground"))).To(Succeed())
		}
		for _, object := range a[number] {
			e.Await(func(g Gomega) {
				err := bed.Cluster.Get(e.Context, client.ObjectKeyFromObject(object), object.DeepCopy())
				g.Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%s %s", object.GetKind(), object.GetName())
			})
		}
	}
}

func TestWaves(t *testing.T) {
	e := newEnvironment(t)
	e.Create(e.Credentials(e.Cognigy.APIKey()))
	application := documented(t, e)
	e.Expect(slices.Sorted(maps.Keys(application))).To(Equal([]int{-1, 0, 1}))
	e.Expect(application.sync(t, e)).To(Equal(1))

	// The Deployment is created when the Secret that its Pods read exists.
	key := &v1alpha1.EndpointAPIKey{}
	e.Expect(bed.Cluster.Get(e.Context, client.ObjectKeyFromObject(application[0][0]), key)).To(Succeed())
	secret, workload := e.Secret(key), &appsv1.Deployment{}
	e.Expect(secret).NotTo(BeNil())
	e.Expect(bed.Cluster.Get(e.Context, client.ObjectKeyFromObject(application[1][0]), workload)).To(Succeed())
	from := workload.Spec.Template.Spec.Containers[0].Env[0].ValueFrom.SecretKeyRef
	e.Expect(from.Name).To(Equal(secret.Name))
	e.Expect(secret.Data).To(HaveKey(from.Key))
	e.Expect(secret.CreationTimestamp.Time).NotTo(BeTemporally(">", workload.CreationTimestamp.Time))

	// A second sync changes nothing.
	e.Expect(application.sync(t, e)).To(Equal(1))
	e.Expect(e.Posts()).To(Equal(1))

	application.remove(e)
	e.Expect(e.Cognigy.Live("")).To(BeEmpty())
}

// A wave with an object that needs a person fails the sync, so that the next one does not begin.
func TestDegradedEndsTheSync(t *testing.T) {
	e := newEnvironment(t)
	credentials := e.Credentials("no-key-of-this-cognigy")
	e.Create(credentials)
	application := documented(t, e)
	e.Expect(application.sync(t, e)).To(Equal(-1))
	e.Expect(e.Posts()).To(BeZero())

	e.Change(credentials, func() { credentials.Data["api-key"] = []byte(e.Cognigy.APIKey()) })
	awaitHealth(t, e, "CognigyConnection", application[-1][0].GetName(), "Healthy")
	unknown := application[0][0]
	e.Expect(unstructured.SetNestedField(unknown.Object, "64f0c0ffee0123456789dead", "spec", "endpoint", "id")).To(Succeed())
	e.Expect(application.sync(t, e)).To(Equal(0))
	delete(application, 1)
	application.remove(e)
}

// What Argo CD tracks an application's objects by is on none that the operator makes: it would delete them.
func TestTrackingIsNotCopied(t *testing.T) {
	e := newEnvironment(t)
	e.Create(e.Credentials(e.Cognigy.APIKey()))
	application := documented(t, e)
	delete(application, 1)
	labels := map[string]string{"app.kubernetes.io/instance": "crm", "argocd.argoproj.io/instance": "crm"}
	for number, objects := range application {
		for _, object := range objects {
			object.SetLabels(labels)
			object.SetAnnotations(map[string]string{wave: strconv.Itoa(number), "argocd.argoproj.io/tracking-id": "crm:" + object.GetKind()})
		}
	}
	application.sync(t, e)
	key := &v1alpha1.EndpointAPIKey{}
	e.Expect(bed.Cluster.Get(e.Context, client.ObjectKeyFromObject(application[0][0]), key)).To(Succeed())
	secret := e.Secret(key)
	for name := range secret.Labels {
		e.Expect(labels).NotTo(HaveKey(name))
	}
	e.Expect(secret.Annotations).NotTo(HaveKey(HavePrefix("argocd.argoproj.io/")))
	e.Expect(secret.OwnerReferences).To(ConsistOf(HaveField("UID", key.UID)), "the Secret shows in the tree, and is not pruned")
	application.remove(e)
}
