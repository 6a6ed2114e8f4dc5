// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"encoding/json"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/operator"
	"github.com/cognigy-operator/cognigy-operator/internal/options"
)

// ballast is what anyone may put on an object, and nothing in the operator reads.
var ballast = map[string]string{"ballast": strings.Repeat("b", 200_000)}

// startCache starts a cache as the operator has it, of the spec's namespace.
func (e *environment) startCache() cache.Cache {
	GinkgoHelper()
	settings := operator.CacheOptions(&options.Options{Namespace: e.Namespace, WatchNamespaces: []string{e.Namespace}})
	settings.Scheme, settings.Mapper = cluster.Scheme(), cluster.RESTMapper()
	caches, err := cache.New(bed.Config, settings)
	e.Expect(err).NotTo(HaveOccurred())
	ctx, stop := context.WithCancel(e.Context)
	DeferCleanup(stop)
	go func() { _ = caches.Start(ctx) }()
	return caches
}

// cached waits until the cache shows an object that exists, and returns how long that is as JSON.
func (e *environment) cached(caches cache.Cache, object client.Object) int {
	GinkgoHelper()
	version := object.GetResourceVersion()
	e.Await(func(g Gomega) {
		g.Expect(caches.Get(e.Context, clientKey(object), object)).To(Succeed())
		g.Expect(object.GetResourceVersion()).To(Equal(version))
	})
	text, err := json.Marshal(object)
	e.Expect(err).NotTo(HaveOccurred())
	return len(text)
}

// labelled creates a Secret of a type, with ballast.
func (e *environment) labelled(name, secretType string) *metav1.PartialObjectMetadata {
	GinkgoHelper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Namespace: e.Namespace, Name: name, Annotations: ballast, Finalizers: []string{v1alpha1.InUseFinalizer, "example.com/other"},
		Labels: map[string]string{v1alpha1.SecretTypeLabel: secretType, "other": "label"},
	}}
	e.Create(secret)
	DeferCleanup(func() { e.Change(secret, func() { secret.Finalizers = nil }) })
	metadata := kube.SecretMetadata()
	metadata.Namespace, metadata.Name, metadata.ResourceVersion = secret.Namespace, secret.Name, secret.ResourceVersion
	return metadata
}

// A namespace decides what its objects carry, and the operator's memory is all namespaces'.
var _ = Describe("The operator's cache", Label("secrets"), func() {
	It("holds of a Secret what decides, whatever else it carries", func() {
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		e.stopOperator()
		caches := e.startCache()
		for name, secretType := range map[string]string{"ours": v1alpha1.SecretTypeAPIKey, "credentials-2": v1alpha1.SecretTypeCredentials} {
			secret := e.labelled(name, secretType)
			e.Expect(e.cached(caches, secret)).To(BeNumerically("<", 600))
			e.Expect(secret.UID).NotTo(BeEmpty())
			e.Expect(secret.Labels).To(Equal(map[string]string{v1alpha1.SecretTypeLabel: secretType}))
			e.Expect(secret.Finalizers).To(ConsistOf(v1alpha1.InUseFinalizer))
			e.Expect(secret.Annotations).To(BeEmpty())
		}
	})

	It("holds no Secret of another type", func() {
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		e.stopOperator()
		other, ours := e.labelled("other", "probe"), e.labelled("ours", v1alpha1.SecretTypeAPIKey)
		caches := e.startCache()
		e.cached(caches, ours)
		e.Expect(apierrors.IsNotFound(caches.Get(e.Context, clientKey(other), kube.SecretMetadata()))).To(BeTrue())
	})

	It("holds of other objects no annotations but the request of a reconcile, and no managed fields", func() {
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		e.stopOperator()
		annotations := map[string]string{"ballast": ballast["ballast"], v1alpha1.RequestedAtAnnotation: "today"}
		connection, key, namespace := e.Connection(), e.Key(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}}
		e.Create(key)
		for _, object := range []client.Object{connection, key, namespace} {
			e.Change(object, func() {
				object.SetAnnotations(annotations)
				object.SetLabels(map[string]string{"team": "crm"})
			})
		}
		metadata := kube.NamespaceMetadata()
		metadata.Name, metadata.ResourceVersion = namespace.Name, namespace.ResourceVersion
		caches := e.startCache()
		for _, object := range []client.Object{connection, key, metadata} {
			e.Expect(e.cached(caches, object)).To(BeNumerically("<", 10_000))
			e.Expect(object.GetAnnotations()).To(Equal(map[string]string{v1alpha1.RequestedAtAnnotation: "today"}))
			e.Expect(object.GetManagedFields()).To(BeEmpty())
			e.Expect(object.GetLabels()).To(HaveKeyWithValue("team", "crm"))
		}
	})

	// A patch is made of the difference to what was read.
	It("does not have the operator's patches remove what it leaves out", func() {
		e := newEnvironment()
		connection := e.Connection()
		e.Change(connection, func() { connection.Annotations = map[string]string{"note": "a user's"} })
		key := e.issued(func(k *v1alpha1.EndpointAPIKey) {
			k.Annotations = map[string]string{"note": "a user's", v1alpha1.RequestedAtAnnotation: "today"}
		})
		for _, object := range []client.Object{connection, key} {
			e.Await(func(g Gomega) {
				g.Expect(cluster.Get(e.Context, clientKey(object), object)).To(Succeed())
				g.Expect(object.GetFinalizers()).NotTo(BeEmpty(), "the operator has written it")
			})
			e.Expect(object.GetAnnotations()).To(HaveKeyWithValue("note", "a user's"))
			e.Expect(object.GetManagedFields()).To(ContainElement(HaveField("Manager", Not(Equal("cognigy-operator")))))
		}
		e.Expect(controllerutil.ContainsFinalizer(connection, v1alpha1.InUseFinalizer)).To(BeTrue())
	})
})
