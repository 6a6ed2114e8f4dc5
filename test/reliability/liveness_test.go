// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"net/http"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// ending is the liveness property of a scenario: how the environment is when nothing has happened for a while.
type ending func(*environment, Gomega)

func (e *environment) ended(g Gomega) { e.scenario.ends(e, g) }

// issued: the resource has its key, and no other key works.
func (e *environment) issued(g Gomega) {
	e.delivered(g, e.name())
	g.Expect(e.live()).To(HaveLen(1), "owned keys that work")
}

// delivered: the Secret's value opens the Endpoint, its record fits, the status says so and nothing else, no other key of the
// resource works, and the rotation that was asked for is done.
func (e *environment) delivered(g Gomega, name types.NamespacedName) {
	key := e.Served(g, name)
	g.Expect(e.checker.liveOf(e.checker.ownerOf(key))).To(HaveExactElements(And(
		HaveField("ID", key.Status.KeyID), HaveField("Preview", key.Status.KeyPreview),
	)), "keys of the resource that work")
	g.Expect(key.Status.Retiring).To(BeEmpty())
	recorded, ok := e.checker.recorded(name)
	g.Expect(ok).To(BeTrue(), "the Secret does not hold the key that it records")
	g.Expect(recorded.ID).To(Equal(key.Status.KeyID))
	for _, at := range rotationsOf(key) {
		if !at.After(time.Now()) {
			g.Expect(recorded.CreatedAt.Add(-e.skew)).NotTo(BeTemporally("<", at), "not rotated")
		}
	}
}

// recreated: another resource of the same name has its key, and the keys of the first are gone.
func (e *environment) recreated(g Gomega) {
	e.issued(g)
	key, err := e.Find(e.name())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(key.UID).NotTo(Equal(e.key.UID))
}

// setBack: the first key, whose Secret was put back, serves the resource again. No other one was needed.
func (e *environment) setBack(g Gomega) {
	e.issued(g)
	g.Expect(e.live()[0].ID).To(Equal(e.first.ID))
}

// adopted: another resource of the same name is served by the latest key of the first, and no other key was made.
func (e *environment) adopted(g Gomega) {
	e.recreated(g)
	made := e.owned(e.Cognigy.Ledger())
	g.Expect(e.live()[0].ID).To(Equal(made[len(made)-1].ID))
	g.Expect(plan.HasMarker(made[len(made)-1].Name, e.Marker(e.key.UID))).To(BeTrue(), "a key was made although the restored one works")
}

// replaced: another resource of the same name has a key of its own, since that of the first does not work any more.
func (e *environment) replaced(g Gomega) {
	e.recreated(g)
	g.Expect(e.live()[0].ID).NotTo(Equal(e.first.ID))
}

// gone: neither the resource nor the Secret is there, and no key works.
func (e *environment) gone(g Gomega) {
	e.Absent(g, e.key.DeepCopy(), target(e.name()))
	g.Expect(e.live()).To(BeEmpty(), "owned keys that work")
}

// deletedWhole: nor do the connection and its credentials exist, which nothing needs any more.
func (e *environment) deletedWhole(g Gomega) {
	e.gone(g)
	e.Absent(g, e.Connection(), e.Credentials(""))
}

// namespaceGone: nor is the namespace.
func (e *environment) namespaceGone(g Gomega) {
	e.deletedWhole(g)
	e.Absent(g, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}})
}

// retained: the resource is gone, and what it delivered stays as it was, for good.
func (e *environment) retained(g Gomega) {
	e.Absent(g, e.key.DeepCopy())
	secret, err := e.readSecret(e.name())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(metav1.GetControllerOf(secret)).To(BeNil())
	live := e.live()
	g.Expect(live).To(HaveLen(1), "owned keys that work")
	g.Expect(e.Cognigy.Works(e.Endpoint.ID, string(secret.Data[e.key.SecretKey()]))).To(BeTrue())
}

// leftAndNamed: the resource is gone. Its Secret stays with a key that works, and a Warning names each other key that does.
func (e *environment) leftAndNamed(g Gomega) {
	e.left(g)
	secret, err := e.readSecret(e.name())
	g.Expect(err).NotTo(HaveOccurred())
	recorded := &eventsv1.EventList{}
	g.Expect(cluster.List(e.Context, recorded, client.InNamespace(e.Namespace))).To(Succeed())
	for _, entry := range e.live() {
		if entry.ID != secret.Annotations[v1alpha1.KeyIDAnnotation] {
			g.Expect(recorded.Items).To(ContainElement(And(
				HaveField("Type", corev1.EventTypeWarning), HaveField("Reason", v1alpha1.EventLeft), HaveField("Note", ContainSubstring(entry.ID)),
			)), "S1: a key works on that no Warning names")
		}
	}
}

// displaced: the Secret is a foreign one, and the resource reports that.
func (e *environment) displaced(g Gomega) {
	key, err := e.Find(e.name())
	g.Expect(err).NotTo(HaveOccurred())
	ready := meta.FindStatusCondition(key.Status.Conditions, v1alpha1.ConditionReady)
	g.Expect(ready).To(HaveValue(HaveField("Reason", v1alpha1.ReasonSecretNotOwned)))
	g.Expect(fixtures.Kstatus(g, key)).To(Equal(status.FailedStatus))
}

// refused: it stays so, and no key was ever made.
func (e *environment) refused(g Gomega) {
	e.displaced(g)
	g.Expect(e.owned(e.Cognigy.Ledger())).To(BeEmpty(), "keys that were made")
}

// left: the resource is gone. If its Secret was delivered, it stays, with a key that works.
func (e *environment) left(g Gomega) {
	e.Absent(g, e.key.DeepCopy())
	if secret, err := e.readSecret(e.name()); !apierrors.IsNotFound(err) {
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(metav1.GetControllerOf(secret)).To(BeNil())
		g.Expect(e.Cognigy.Works(e.Endpoint.ID, string(secret.Data[e.key.SecretKey()]))).To(BeTrue())
	}
}

// goneAtLast: a key that was asked for was made late, and does not work any more either.
func (e *environment) goneAtLast(g Gomega) {
	e.gone(g)
	if e.Cognigy.Count(http.MethodPost, simulator.RouteKeys) > 0 {
		g.Expect(e.owned(e.Cognigy.Ledger())).NotTo(BeEmpty(), "keys that were made")
	}
}
