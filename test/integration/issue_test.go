// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

var _ = describeBoth("An EndpointAPIKey that is applied", Label("issue"), func() {
	// With the timeouts that users get, no machine is so slow that an attempt is late: there is exactly one POST.
	It("gets one key, and a Secret that holds it", func() {
		e := newEnvironment(fixtures.WithDefaultTimeouts)
		key := e.issued()

		found, secret := e.Read(key), e.Secret(key)
		entry := e.Cognigy.Ledger()[0]
		e.Expect(e.Posts()).To(Equal(1))
		e.Expect(entry.Name).To(MatchRegexp(`^%s crm \d{8}T\d{12}Z %s$`, e.Namespace, e.Marker(key.UID)))
		e.Expect(found.Status.KeyID).To(Equal(entry.ID))
		e.Expect(found.Status.KeyPreview).To(Equal(entry.Preview))
		e.Expect(found.Status.EndpointID).To(Equal(e.Endpoint.ID))
		e.Expect(found.Finalizers).To(ConsistOf(v1alpha1.Finalizer))
		e.Expect(secret.Name).To(Equal("crm"))
		e.Expect(secret.Type).To(Equal(corev1.SecretTypeOpaque))
		e.Expect(secret.Data).To(HaveLen(1))
		e.Expect(secret.OwnerReferences).To(HaveLen(1))
		e.Expect(secret.OwnerReferences[0].UID).To(Equal(key.UID))
		e.Expect(secret.Labels).To(Equal(map[string]string{v1alpha1.SecretTypeLabel: v1alpha1.SecretTypeAPIKey}))

		e.Await(func(g Gomega) {
			reasons := map[string]string{}
			recorded := &eventsv1.EventList{}
			g.Expect(cluster.List(e.Context, recorded, client.InNamespace(e.Namespace))).To(Succeed())
			for _, event := range recorded.Items {
				reasons[event.Reason] = event.Note
			}
			g.Expect(reasons).To(HaveKeyWithValue(v1alpha1.EventDelivered, And(ContainSubstring(entry.ID), ContainSubstring(entry.Preview))))
			g.Expect(reasons).NotTo(HaveKey(v1alpha1.EventIssued))
		})
		e.remains(func(g Gomega) { g.Expect(e.Read(key).ResourceVersion).To(Equal(found.ResourceVersion)) })
		e.Expect(e.Posts()).To(Equal(1))
	})
})
