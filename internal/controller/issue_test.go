// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller_test

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// The main job: a resource is applied, and its Secret holds a key that works.
func TestIssue(t *testing.T) {
	w := newWorld(t)
	key := w.issued()

	found, secret := w.read(key), w.secret(key)
	entry := w.cognigy.Ledger()[0]
	w.Expect(w.posts()).To(Equal(1))
	w.Expect(entry.Name).To(Equal(w.namespace + " crm " + plan.Marker(clusterUID(w), string(key.UID))))
	w.Expect(found.Status.KeyID).To(Equal(entry.ID))
	w.Expect(found.Status.KeyPreview).To(Equal(entry.Preview))
	w.Expect(found.Status.EndpointID).To(Equal(w.endpoint.ID))
	w.Expect(found.Finalizers).To(ConsistOf(v1alpha1.Finalizer))
	w.Expect(secret.Name).To(Equal("crm"))
	w.Expect(secret.Type).To(Equal(corev1.SecretTypeOpaque))
	w.Expect(secret.Data).To(HaveLen(1))
	w.Expect(secret.OwnerReferences).To(HaveLen(1))
	w.Expect(secret.OwnerReferences[0].UID).To(Equal(key.UID))
	w.Expect(secret.Labels).To(Equal(map[string]string{v1alpha1.SecretTypeLabel: v1alpha1.SecretTypeAPIKey}))

	w.eventually(func(g Gomega) {
		reasons := map[string]string{}
		recorded := &eventsv1.EventList{}
		g.Expect(cluster.List(w.ctx, recorded, client.InNamespace(w.namespace))).To(Succeed())
		for _, event := range recorded.Items {
			reasons[event.Reason] = event.Note
		}
		for _, reason := range []string{v1alpha1.EventIssued, v1alpha1.EventDelivered} {
			g.Expect(reasons).To(HaveKeyWithValue(reason, And(ContainSubstring(entry.ID), ContainSubstring(entry.Preview))))
		}
	})
	w.remains(func(g Gomega) { g.Expect(w.read(key).ResourceVersion).To(Equal(found.ResourceVersion)) })
	w.Expect(w.posts()).To(Equal(1))
}
