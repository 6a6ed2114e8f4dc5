// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crash_test

import (
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// ending is the liveness property of a story: how the world is when nothing has happened for a while.
type ending struct {
	check func(*world, Gomega)
	live  int // how many of the resource's keys work
}

var (
	issued   = ending{check: (*world).issued, live: 1}
	gone     = ending{check: (*world).gone}
	retained = ending{check: (*world).retained, live: 1}
	razed    = ending{check: (*world).razed}
	wiped    = ending{check: (*world).wiped}
)

func (w *world) ended(g Gomega) { w.story.ends.check(w, g) }

// issued: the Secret's value opens the Endpoint, its record fits, the status says so and nothing else, no other key of the
// resource works, and the rotation that was asked for is done.
func (w *world) issued(g Gomega) {
	key, err := w.read()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(key.Status.ObservedGeneration).To(Equal(key.Generation))
	g.Expect(kstatus(g, key)).To(Equal(status.CurrentStatus), "%v", key.Status.Conditions)
	g.Expect(key.Status.Issuance).To(BeNil())
	g.Expect(key.Status.Retiring).To(BeEmpty())
	g.Expect(key.Finalizers).To(ContainElement(v1alpha1.Finalizer))
	live := w.live()
	g.Expect(live).To(HaveLen(1), "owned keys that work")
	g.Expect(key.Status.KeyID).To(Equal(live[0].ID))
	g.Expect(key.Status.KeyPreview).To(Equal(live[0].Preview))
	recorded, issuedAt, ok := w.court.recorded()
	g.Expect(ok).To(BeTrue(), "the Secret does not hold the key that it records")
	g.Expect(recorded.ID).To(Equal(live[0].ID))
	if rotation := key.Spec.Rotation; rotation != nil && rotation.NotBefore != nil {
		g.Expect(issuedAt).NotTo(BeTemporally("<", rotation.NotBefore.Time), "not rotated")
	}
}

// gone: neither the resource nor the Secret is there, and no key works.
func (w *world) gone(g Gomega) {
	w.absent(g, w.key.DeepCopy(), w.target())
	g.Expect(w.live()).To(BeEmpty(), "owned keys that work")
}

// razed: nor are the connection and its credentials, which nobody needs any more.
func (w *world) razed(g Gomega) {
	w.gone(g)
	w.absent(g, w.connection(), w.credentials())
}

// wiped: nor is the namespace.
func (w *world) wiped(g Gomega) {
	w.razed(g)
	w.absent(g, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}})
}

func (w *world) absent(g Gomega, objects ...client.Object) {
	for _, object := range objects {
		err := cluster.Get(w.ctx, client.ObjectKeyFromObject(object), object)
		g.Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%T %s is there: %v", object, object.GetName(), err)
	}
}

// retained: the resource is gone, and what it delivered stays as it was, for good.
func (w *world) retained(g Gomega) {
	w.absent(g, w.key.DeepCopy())
	secret, err := w.readSecret()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(metav1.GetControllerOf(secret)).To(BeNil())
	live := w.live()
	g.Expect(live).To(HaveLen(1), "owned keys that work")
	g.Expect(fingerprint(secret, w.key.SecretKey())).To(Equal(live[0].SHA256))
}

// kstatus is what Flux, Argo CD and `kubectl wait` make of the resource.
func kstatus(g Gomega, key *v1alpha1.EndpointAPIKey) status.Status {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(key)
	g.Expect(err).NotTo(HaveOccurred())
	result, err := status.Compute(&unstructured.Unstructured{Object: content})
	g.Expect(err).NotTo(HaveOccurred())
	return result.Status
}
