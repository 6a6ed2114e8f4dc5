// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller_test

import (
	"strings"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// A Secret of the same name that is not ours keeps its bytes, and no key is made on account of it.
func TestForeignSecret(t *testing.T) {
	w := newWorld(t)
	foreign := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "crm"},
		Data:       map[string][]byte{"password": []byte("somebody else's")},
	}
	w.create(foreign)
	key := w.key()
	w.create(key)
	message := w.reports(key, v1alpha1.ReasonSecretNotOwned, status.FailedStatus)
	w.Expect(message).To(And(ContainSubstring(w.namespace+"/crm"), ContainSubstring("Delete it")))
	w.remains(func(g Gomega) {
		g.Expect(w.posts()).To(BeZero())
		g.Expect(w.secret(key).ResourceVersion).To(Equal(foreign.ResourceVersion))
	})
	w.delete(foreign)
	w.settles(key, 1)
	w.Expect(w.posts()).To(Equal(1))
}

// Two resources that aim at one Secret: the first has it, the second says so and leaves no key behind.
func TestSecretShared(t *testing.T) {
	w := newWorld(t)
	first := w.issued()
	second := w.key(func(k *v1alpha1.EndpointAPIKey) { k.Name, k.Spec.Secret.Name = "second", "crm" })
	w.create(second)
	w.reports(second, v1alpha1.ReasonSecretNotOwned, status.FailedStatus)
	w.delete(second)
	w.eventually(func(g Gomega) { g.Expect(w.secret(first)).NotTo(BeNil()) })
	w.settles(first, 1)
	w.Expect(w.cognigy.Ledger()).To(HaveLen(1))
}

// Labels, annotations and the data key follow the spec without a new key; what others put on the Secret stays.
func TestSecretFollowsSpec(t *testing.T) {
	w := newWorld(t)
	key := w.issued(func(k *v1alpha1.EndpointAPIKey) {
		k.Labels = map[string]string{"app.kubernetes.io/instance": "not-to-be-copied"}
		k.Spec.Secret = v1alpha1.SecretTarget{
			Name: "webhook", Key: "token",
			Labels:      map[string]v1alpha1.LabelValue{"team": "crm", "tier": "gold"},
			Annotations: map[string]v1alpha1.AnnotationValue{"note": "first"},
		}
	})
	secret := w.secret(key)
	w.Expect(secret.Name).To(Equal("webhook"))
	w.Expect(secret.Labels).To(Equal(map[string]string{"team": "crm", "tier": "gold", v1alpha1.SecretTypeLabel: v1alpha1.SecretTypeAPIKey}))
	w.Expect(secret.Annotations).To(HaveKeyWithValue("note", "first"))
	value := string(secret.Data["token"])

	w.change(secret, func() {
		secret.Labels["other"] = "others"
		secret.Data["other"] = []byte("somebody's")
	})
	w.change(key, func() {
		key.Spec.Secret.Key = "api-key"
		key.Spec.Secret.Labels = map[string]v1alpha1.LabelValue{"team": "sales"}
		key.Spec.Secret.Annotations = nil
	})
	w.eventually(func(g Gomega) {
		after := w.secret(key)
		g.Expect(after.Labels).To(Equal(map[string]string{
			"team": "sales", "other": "others", v1alpha1.SecretTypeLabel: v1alpha1.SecretTypeAPIKey,
		}))
		g.Expect(after.Annotations).NotTo(HaveKey("note"))
		g.Expect(after.Data).To(HaveLen(2))
		g.Expect(string(after.Data["api-key"])).To(Equal(value))
		g.Expect(string(after.Data["other"])).To(Equal("somebody's"))
	})
	w.settles(key, 1)
	w.Expect(w.posts()).To(Equal(1))
}

// The display name is part of the key's name; what Cognigy refuses there is said so, and costs nothing.
func TestDisplayName(t *testing.T) {
	for _, refused := range []string{"Schlüssel 🔑", "CRM [webhook]"} {
		t.Run(refused, func(t *testing.T) {
			w := newWorld(t)
			key := w.key(func(k *v1alpha1.EndpointAPIKey) { k.Spec.DisplayName = refused })
			w.create(key)
			w.Expect(w.reports(key, v1alpha1.ReasonNameRefused, status.FailedStatus)).To(ContainSubstring("letters, digits, spaces and hyphens in displayName"))
			w.Expect(w.cognigy.Ledger()).To(BeEmpty())
			w.change(key, func() { key.Spec.DisplayName = strings.Repeat("x", 160) })
			w.settles(key, 1)
			w.Expect(w.cognigy.Ledger()[0].Name).To(And(HaveLen(200), HavePrefix(strings.Repeat("x", 160)+" k8s-")))
		})
	}
}
