// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller_test

import (
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// Whatever befalls the Secret or the key, the Secret ends up with a key that works and the old key is revoked.
func TestHeal(t *testing.T) {
	cases := map[string]func(w *world, secret *corev1.Secret){
		"the Secret is deleted": func(w *world, secret *corev1.Secret) { w.delete(secret) },
		"the Secret is emptied": func(w *world, secret *corev1.Secret) {
			w.change(secret, func() { secret.Data = nil })
		},
		// Preview and length stay the same: only the checksum tells.
		"one character in the middle of the value is edited": func(w *world, secret *corev1.Secret) {
			w.change(secret, func() { secret.Data["api-key"][30] ^= 1 })
		},
		// The annotations are the record. Without them the owner reference still says whose the Secret is.
		"the annotations are stripped": func(w *world, secret *corev1.Secret) {
			w.change(secret, func() { secret.Annotations = nil })
		},
		// Without the label the Secret leaves the watch, which is an event too.
		"label, annotations and value are stripped": func(w *world, secret *corev1.Secret) {
			w.change(secret, func() { secret.Labels, secret.Annotations, secret.Data = nil, nil, nil })
		},
		// Whoever writes into the Secret must not pass another key off as the delivered one.
		"the key id is replaced": func(w *world, secret *corev1.Secret) {
			w.change(secret, func() { secret.Annotations[v1alpha1.KeyIDAnnotation] = "0123456789abcdef01234567" })
		},
		"the key is revoked in Cognigy's interface": func(w *world, secret *corev1.Secret) {
			w.Expect(w.cognigy.RevokeKey(secret.Annotations[v1alpha1.KeyIDAnnotation])).To(BeTrue())
		},
		"the Secret is deleted twice": func(w *world, secret *corev1.Secret) {
			w.delete(secret)
			w.eventually(func(g Gomega) { g.Expect(w.posts()).To(BeNumerically(">=", 2)) })
			w.delete(secret)
		},
	}
	for name, harm := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			key := w.issued()
			before := w.secret(key)
			oldValue := string(before.Data["api-key"])
			harm(w, before)
			w.eventually(func(g Gomega) {
				after := w.secret(key)
				g.Expect(after).NotTo(BeNil())
				g.Expect(after.Data).To(HaveKey("api-key"))
				g.Expect(w.cognigy.Works(w.endpoint.ID, string(after.Data["api-key"]))).To(BeTrue())
				g.Expect(string(after.Data["api-key"])).NotTo(Equal(oldValue))
			})
			w.settles(key, 1)
			w.Expect(w.cognigy.Works(w.endpoint.ID, oldValue)).To(BeFalse())
		})
	}
}

// Status is a report: wiping it changes nothing but the report, which is made again.
func TestStatusWiped(t *testing.T) {
	w := newWorld(t)
	key := w.issued()
	before := w.read(key)
	wiped := before.DeepCopy()
	wiped.Status = v1alpha1.EndpointAPIKeyStatus{}
	w.Expect(cluster.Status().Update(w.ctx, wiped)).To(Succeed())
	w.eventually(func(g Gomega) { g.Expect(w.read(key).Status.KeyID).To(Equal(before.Status.KeyID)) })
	after := w.settles(key, 1)
	w.Expect(after.Status.KeyID).To(Equal(before.Status.KeyID))
	w.Expect(w.posts()).To(Equal(1))
}

// Somebody who takes the finalizer away gets it back: without it a deletion would leave the key working.
func TestFinalizerRemoved(t *testing.T) {
	w := newWorld(t)
	key := w.issued()
	w.change(key, func() { key.Finalizers = nil })
	w.eventually(func(g Gomega) { g.Expect(w.read(key).Finalizers).To(ConsistOf(v1alpha1.Finalizer)) })
	w.settles(key, 1)
	w.Expect(w.posts()).To(Equal(1))
}

// Another controller that removes the Secret for ever must not mint keys for ever.
func TestMintBudget(t *testing.T) {
	w := newWorld(t)
	key := w.key()
	w.create(key)
	w.eventually(func(g Gomega) {
		if secret := w.secret(key); secret != nil {
			g.Expect(client.IgnoreNotFound(cluster.Delete(w.ctx, secret))).To(Succeed())
		}
		g.Expect(cluster.Get(w.ctx, clientKey(key), key)).To(Succeed())
		g.Expect(conditionsOf(key)).To(ContainElement(HaveField("Reason", v1alpha1.ReasonMintBudgetExhausted)))
	})
	message := w.reports(key, v1alpha1.ReasonMintBudgetExhausted, status.InProgressStatus)
	w.Expect(message).To(ContainSubstring("find out what removes"))
	w.Expect(w.posts()).To(Equal(5))
	w.remains(func(g Gomega) { g.Expect(w.posts()).To(Equal(5)) })
}
