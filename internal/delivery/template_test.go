// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package delivery_test

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
)

// templated is the owner with templates by their data keys.
func templated(data map[string]v1alpha1.TemplateText) *v1alpha1.EndpointAPIKey {
	with := owner()
	with.Spec.Secret.Template = &v1alpha1.SecretTemplate{Data: data}
	return with
}

// rendered is the Secret of an owner with what its templates made.
func rendered(g Gomega, of *v1alpha1.EndpointAPIKey) *corev1.Secret {
	secret := delivery.Compose(nil, of, record(), plaintext, issuedAt)
	g.Expect(delivery.Render(secret, of, place)).To(Succeed())
	return secret
}

func TestRender(t *testing.T) {
	g := NewWithT(t)
	of := templated(map[string]v1alpha1.TemplateText{
		"webhook.env": "KEY={{ .key }}\nISSUED={{ .issuedAt }}\n", "about": "{{ .keyID }} {{ .keyPreview }} {{ .endpointID }}",
		"endpoint": "{{ .endpointName }} {{ .urlToken }} {{ .baseURL }} {{ .endpointURL }}",
	})
	secret := rendered(g, of)
	g.Expect(string(secret.Data["webhook.env"])).To(Equal("KEY=" + plaintext + "\nISSUED=2026-11-22T10:00:03Z\n"))
	g.Expect(string(secret.Data["about"])).To(Equal("65a1c0ffee0123456789abcd 8a4f••••••••7c2e 64f0c0ffee0123456789abcd"))
	g.Expect(string(secret.Data["endpoint"])).To(Equal("CRM token https://api https://endpoint/token"))
	g.Expect(string(secret.Data["api-key"])).To(Equal(plaintext))
	g.Expect(secret.Annotations).To(HaveKey("cognigy-operator.io/templates"), "as Secrets have it that were written before")
	read := delivery.Read(secret, of)
	g.Expect(read.Intact).To(BeTrue())
	g.Expect(read.Outdated).To(BeFalse())

	without := owner()
	g.Expect(delivery.Read(secret, without).Outdated).To(BeTrue())
	g.Expect(delivery.Render(secret, without, place)).To(Succeed())
	g.Expect(secret.Data).To(HaveLen(1))
	g.Expect(delivery.Read(secret, without).Outdated).To(BeFalse())
	g.Expect(secret.Annotations).To(Equal(delivered().Annotations))
}

// Whatever makes the data differ from what the templates would make now is noticed, and no reason for another key.
func TestRenderedAnew(t *testing.T) {
	of := func() *v1alpha1.EndpointAPIKey {
		return templated(map[string]v1alpha1.TemplateText{"a": "{{ .key }}", "b": "fixed"})
	}
	for why, change := range map[string]func(*corev1.Secret, *v1alpha1.EndpointAPIKey){
		"another template": func(_ *corev1.Secret, k *v1alpha1.EndpointAPIKey) { k.Spec.Secret.Template.Data["b"] = "other" },
		"another data key": func(_ *corev1.Secret, k *v1alpha1.EndpointAPIKey) {
			k.Spec.Secret.Template.Data = map[string]v1alpha1.TemplateText{"a": "{{ .key }}", "c": "fixed"}
		},
		"one more":     func(_ *corev1.Secret, k *v1alpha1.EndpointAPIKey) { k.Spec.Secret.Template.Data["c"] = "more" },
		"one less":     func(_ *corev1.Secret, k *v1alpha1.EndpointAPIKey) { delete(k.Spec.Secret.Template.Data, "a") },
		"edited data":  func(s *corev1.Secret, _ *v1alpha1.EndpointAPIKey) { s.Data["b"] = []byte("edited") },
		"removed data": func(s *corev1.Secret, _ *v1alpha1.EndpointAPIKey) { delete(s.Data, "a") },
		"no annotation": func(s *corev1.Secret, _ *v1alpha1.EndpointAPIKey) {
			delete(s.Annotations, v1alpha1.TemplatesAnnotation)
		},
		"a broken annotation": func(s *corev1.Secret, _ *v1alpha1.EndpointAPIKey) { s.Annotations[v1alpha1.TemplatesAnnotation] = "{" },
	} {
		t.Run(why, func(t *testing.T) {
			g := NewWithT(t)
			changed := of()
			secret := rendered(g, changed)
			change(secret, changed)
			read := delivery.Read(secret, changed)
			g.Expect(read.Intact).To(BeTrue())
			g.Expect(read.Outdated).To(BeTrue())
			repaired := delivery.Repair(secret, changed)
			g.Expect(delivery.Render(repaired, changed, place)).To(Succeed())
			g.Expect(delivery.Read(repaired, changed).Outdated).To(BeFalse())
			if why != "no annotation" && why != "a broken annotation" { // nothing tells then what templates made
				g.Expect(repaired.Data).To(HaveLen(1 + len(changed.Spec.Secret.Template.Data)))
			}
		})
	}
}

func TestFailingTemplateLeavesTheSecret(t *testing.T) {
	g := NewWithT(t)
	of := templated(map[string]v1alpha1.TemplateText{"a": "{{ .key }}", "b": "{{ .keyID }}"})
	secret := rendered(g, of)
	for _, wrong := range []v1alpha1.TemplateText{"{{ .kee }}", "{{ eq .key 1 }}"} {
		of.Spec.Secret.Template.Data["b"] = wrong
		repaired := delivery.Repair(secret, of)
		g.Expect(delivery.Render(repaired, of, place)).To(MatchError(HavePrefix("b:1:3: ")))
		g.Expect(repaired).To(Equal(secret))
		g.Expect(delivery.Read(secret, of).Outdated).To(BeTrue())
	}
}

// What a template made may equal the value: it is not taken for the value that has to move, and a new key replaces both.
func TestCopyOfTheValue(t *testing.T) {
	g := NewWithT(t)
	of := templated(map[string]v1alpha1.TemplateText{"password": "{{ .key }}"})
	secret := rendered(g, of)
	for range 20 { // the order of a map is another one each time
		moved := of.DeepCopy()
		moved.Spec.Secret.Key = "token"
		repaired := delivery.Repair(secret, moved)
		g.Expect(delivery.Render(repaired, moved, place)).To(Succeed())
		g.Expect(repaired.Data).To(Equal(map[string][]byte{"token": []byte(plaintext), "password": []byte(plaintext)}))
		g.Expect(delivery.Read(repaired, moved)).To(And(HaveField("Intact", true), HaveField("Outdated", false)))

		swapped := owner()
		swapped.Spec.Secret.Key = "password"
		repaired = delivery.Repair(secret, swapped)
		g.Expect(delivery.Render(repaired, swapped, place)).To(Succeed())
		g.Expect(repaired.Data).To(Equal(map[string][]byte{"password": []byte(plaintext)}))
		g.Expect(delivery.Read(repaired, swapped)).To(And(HaveField("Intact", true), HaveField("Outdated", false)))
	}
	next := delivery.Compose(secret, of, record(), "another", issuedAt)
	g.Expect(delivery.Render(next, of, place)).To(Succeed())
	g.Expect(next.Data).To(Equal(map[string][]byte{"api-key": []byte("another"), "password": []byte("another")}))
}

var place = delivery.Place{EndpointName: "CRM", URLToken: "token", BaseURL: "https://api", EndpointURL: "https://endpoint/token"}
