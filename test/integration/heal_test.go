// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

var _ = describeBoth("A delivered key", Label("healing"), func() {
	DescribeTable("is replaced by one that works, and revoked, when", func(harm func(e *environment, secret *corev1.Secret)) {
		e := newEnvironment()
		key := e.issued()
		before := e.Secret(key)
		oldValue := string(before.Data["api-key"])
		harm(e, before)
		e.Await(func(g Gomega) {
			after := e.Secret(key)
			g.Expect(after).NotTo(BeNil())
			g.Expect(after.Data).To(HaveKey("api-key"))
			g.Expect(e.Cognigy.Works(e.Endpoint.ID, string(after.Data["api-key"]))).To(BeTrue())
			g.Expect(string(after.Data["api-key"])).NotTo(Equal(oldValue))
		})
		e.AwaitDelivered(key, 1)
		e.Expect(e.Cognigy.Works(e.Endpoint.ID, oldValue)).To(BeFalse())
	},
		Entry("the Secret is deleted", func(e *environment, secret *corev1.Secret) { e.Delete(secret) }),
		Entry("the Secret is emptied", func(e *environment, secret *corev1.Secret) {
			e.Change(secret, func() { secret.Data = nil })
		}),
		// Preview and length stay the same: only the checksum tells.
		Entry("one character in the middle of the value is edited", func(e *environment, secret *corev1.Secret) {
			e.Change(secret, func() { secret.Data["api-key"][30] ^= 1 })
		}),
		// The annotations are the record. Without them the owner reference still says whose the Secret is.
		Entry("the annotations are stripped", func(e *environment, secret *corev1.Secret) {
			e.Change(secret, func() { secret.Annotations = nil })
		}),
		// Without the label the Secret leaves the watch, which is an event too.
		Entry("label, annotations and value are stripped", func(e *environment, secret *corev1.Secret) {
			e.Change(secret, func() { secret.Labels, secret.Annotations, secret.Data = nil, nil, nil })
		}),
		// An edit of the Secret must not make another key count as the delivered one.
		Entry("the key id is replaced", func(e *environment, secret *corev1.Secret) {
			e.Change(secret, func() { secret.Annotations[v1alpha1.KeyIDAnnotation] = "0123456789abcdef01234567" })
		}),
		// The checksum fits, and the API server would refuse every status that reports this preview.
		Entry("its preview is forged, longer than a status can hold", func(e *environment, secret *corev1.Secret) {
			e.forgeRecord(secret, e.Read(e.Key()), string(secret.Data["api-key"]), func(record *delivery.Record) {
				record.Preview = strings.Repeat("8", 300)
			})
		}),
		Entry("the key is revoked in Cognigy's interface", func(e *environment, secret *corev1.Secret) {
			e.Expect(e.Cognigy.RevokeKey(secret.Annotations[v1alpha1.KeyIDAnnotation])).To(BeTrue())
		}),
		Entry("the Secret is deleted twice", func(e *environment, secret *corev1.Secret) {
			e.Delete(secret)
			e.Await(func(g Gomega) { g.Expect(e.Posts()).To(BeNumerically(">=", 2)) })
			e.Delete(secret)
		}),
	)

	It("stays when the status is cleared, and is reported again", func() {
		e := newEnvironment()
		key := e.issued()
		before := e.Read(key)
		e.Await(func(g Gomega) {
			cleared := e.Read(key)
			cleared.Status = v1alpha1.EndpointAPIKeyStatus{}
			g.Expect(cluster.Status().Update(e.Context, cleared)).To(Succeed())
		})
		e.Await(func(g Gomega) { g.Expect(e.Read(key).Status.KeyID).To(Equal(before.Status.KeyID)) })
		after := e.AwaitDelivered(key, 1)
		e.Expect(after.Status.KeyID).To(Equal(before.Status.KeyID))
		e.Expect(e.Posts()).To(Equal(1))
	})

	// Without it, the key would outlive the resource.
	DescribeTable("keeps the finalizer of its resource when", func(left []string) {
		e := newEnvironment()
		key := e.issued()
		e.Change(key, func() { key.Finalizers = left })
		e.Await(func(g Gomega) { g.Expect(e.Read(key).Finalizers).To(ConsistOf(append(left, v1alpha1.Finalizer))) })
		e.AwaitDelivered(key, 1)
		e.Expect(e.Posts()).To(Equal(1))
		e.Change(key, func() { key.Finalizers = []string{v1alpha1.Finalizer} })
	},
		Entry("someone removes it", nil),
		Entry("others take its place", []string{"example.com/one", "example.com/two"}),
	)

	It("is replaced five times, and not for ever, when something deletes the Secret each time", func() {
		e := newEnvironment()
		key := e.Key()
		e.Create(key)
		e.Await(func(g Gomega) {
			if secret := e.Secret(key); secret != nil {
				g.Expect(client.IgnoreNotFound(cluster.Delete(e.Context, secret))).To(Succeed())
			}
			g.Expect(cluster.Get(e.Context, clientKey(key), key)).To(Succeed())
			g.Expect(fixtures.Conditions(key)).To(ContainElement(HaveField("Reason", v1alpha1.ReasonTooManyIssuances)))
		})
		message := e.reports(key, v1alpha1.ReasonTooManyIssuances, status.InProgressStatus)
		e.Expect(message).To(ContainSubstring("find out what removes"))
		e.Expect(e.Posts()).To(Equal(5))
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(5)) })
	})
})
