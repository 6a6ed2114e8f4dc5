// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"net/http"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// ending is the liveness property of a story: how the world is when nothing has happened for a while.
type ending func(*world, Gomega)

func (w *world) ended(g Gomega) { w.story.ends(w, g) }

// issued: the resource has its key, and no other key works.
func (w *world) issued(g Gomega) {
	w.delivered(g, w.name())
	g.Expect(w.live()).To(HaveLen(1), "owned keys that work")
}

// delivered: the Secret's value opens the Endpoint, its record fits, the status says so and nothing else, no other key of the
// resource works, and the rotation that was asked for is done.
func (w *world) delivered(g Gomega, name types.NamespacedName) {
	key, err := w.read(name)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(key.Status.ObservedGeneration).To(Equal(key.Generation))
	g.Expect(kstatus(g, key)).To(Equal(status.CurrentStatus), "%v", key.Status.Conditions)
	g.Expect(key.Status.Issuance).To(BeNil())
	g.Expect(key.Status.Retiring).To(BeEmpty())
	g.Expect(key.Finalizers).To(ContainElement(v1alpha1.Finalizer))
	live := w.liveOf(plan.Marker(bed.ClusterUID, string(key.UID)))
	g.Expect(live).To(HaveLen(1), "keys of the resource that work")
	g.Expect(key.Status.KeyID).To(Equal(live[0].ID))
	g.Expect(key.Status.KeyPreview).To(Equal(live[0].Preview))
	recorded, ok := w.court.recorded(name)
	g.Expect(ok).To(BeTrue(), "the Secret does not hold the key that it records")
	g.Expect(recorded.ID).To(Equal(live[0].ID))
	secret, err := w.readSecret(name)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(w.cognigy.Works(key.Spec.Endpoint.ID, string(secret.Data[key.SecretKey()]))).To(BeTrue())
	if rotation := key.Spec.Rotation; rotation != nil && rotation.NotBefore != nil && !rotation.NotBefore.After(time.Now()) {
		g.Expect(recorded.CreatedAt.Add(-w.skew)).NotTo(BeTemporally("<", rotation.NotBefore.Time), "not rotated")
	}
}

// recreated: another resource of the same name has its key, and the keys of the first are gone.
func (w *world) recreated(g Gomega) {
	w.issued(g)
	key, err := w.read(w.name())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(key.UID).NotTo(Equal(w.key.UID))
}

// gone: neither the resource nor the Secret is there, and no key works.
func (w *world) gone(g Gomega) {
	w.absent(g, w.key.DeepCopy(), target(w.name()))
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
	secret, err := w.readSecret(w.name())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(metav1.GetControllerOf(secret)).To(BeNil())
	live := w.live()
	g.Expect(live).To(HaveLen(1), "owned keys that work")
	g.Expect(w.cognigy.Works(w.endpoint.ID, string(secret.Data[w.key.SecretKey()]))).To(BeTrue())
}

// pushedOut: the Secret is somebody else's, and the resource says so.
func (w *world) pushedOut(g Gomega) {
	key, err := w.read(w.name())
	g.Expect(err).NotTo(HaveOccurred())
	ready := meta.FindStatusCondition(key.Status.Conditions, v1alpha1.ConditionReady)
	g.Expect(ready).To(HaveValue(HaveField("Reason", v1alpha1.ReasonSecretNotOwned)))
	g.Expect(kstatus(g, key)).To(Equal(status.FailedStatus))
}

// refused: it stays so, and no key was ever made.
func (w *world) refused(g Gomega) {
	w.pushedOut(g)
	g.Expect(w.owned(w.cognigy.Ledger())).To(BeEmpty(), "keys that were made")
}

// left: the resource is gone. If its Secret was delivered, it stays, with a key that works.
func (w *world) left(g Gomega) {
	w.absent(g, w.key.DeepCopy())
	if secret, err := w.readSecret(w.name()); !apierrors.IsNotFound(err) {
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(metav1.GetControllerOf(secret)).To(BeNil())
		g.Expect(w.cognigy.Works(w.endpoint.ID, string(secret.Data[w.key.SecretKey()]))).To(BeTrue())
	}
}

// goneAtLast: a key that was asked for was made late, and does not work any more either.
func (w *world) goneAtLast(g Gomega) {
	w.gone(g)
	if w.cognigy.Count(http.MethodPost, simulator.RouteKeys) > 0 {
		g.Expect(w.owned(w.cognigy.Ledger())).NotTo(BeEmpty(), "keys that were made")
	}
}

// kstatus is what Flux, Argo CD and `kubectl wait` make of the resource.
func kstatus(g Gomega, key *v1alpha1.EndpointAPIKey) status.Status {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(key)
	g.Expect(err).NotTo(HaveOccurred())
	result, err := status.Compute(&unstructured.Unstructured{Object: content})
	g.Expect(err).NotTo(HaveOccurred())
	return result.Status
}
