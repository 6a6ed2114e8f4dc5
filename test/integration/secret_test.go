// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

var _ = Describe("The Secret of an EndpointAPIKey", Label("secret"), func() {
	It("is never one that others own: no key is issued until theirs is gone", func() {
		e := newEnvironment()
		foreign := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: "crm"},
			Data:       map[string][]byte{"password": []byte("somebody else's")},
		}
		e.Create(foreign)
		key := e.Key()
		e.Create(key)
		message := e.reports(key, v1alpha1.ReasonSecretNotOwned, status.FailedStatus)
		e.Expect(message).To(And(ContainSubstring(e.Namespace+"/crm"), ContainSubstring("Delete the Secret")))
		e.remains(func(g Gomega) {
			g.Expect(e.Posts()).To(BeZero())
			g.Expect(e.Secret(key).ResourceVersion).To(Equal(foreign.ResourceVersion))
		})
		e.Delete(foreign)
		e.AwaitDelivered(key, 1)
		e.Expect(e.Posts()).To(Equal(1))
	})

	It("belongs to the first of two resources that name it", func() {
		e := newEnvironment()
		first := e.issued()
		second := e.Key(func(k *v1alpha1.EndpointAPIKey) { k.Name, k.Spec.Secret.Name = "second", "crm" })
		e.Create(second)
		e.reports(second, v1alpha1.ReasonSecretNotOwned, status.FailedStatus)
		e.Delete(second)
		e.Await(func(g Gomega) { g.Expect(e.Secret(first)).NotTo(BeNil()) })
		e.AwaitDelivered(first, 1)
		e.Expect(e.Cognigy.Ledger()).To(HaveLen(1))
	})

	It("follows the spec without a new key, and keeps what others put on it", func() {
		e := newEnvironment()
		key := e.issued(func(k *v1alpha1.EndpointAPIKey) {
			k.Labels = map[string]string{"app.kubernetes.io/instance": "not-to-be-copied"}
			k.Spec.Secret = v1alpha1.SecretTarget{
				Name: "webhook", Key: "token",
				Labels:      map[string]v1alpha1.LabelValue{"team": "crm", "tier": "gold"},
				Annotations: map[string]v1alpha1.AnnotationValue{"note": "first"},
			}
		})
		secret := e.Secret(key)
		e.Expect(secret.Name).To(Equal("webhook"))
		e.Expect(secret.Labels).To(Equal(map[string]string{"team": "crm", "tier": "gold", v1alpha1.SecretTypeLabel: v1alpha1.SecretTypeAPIKey}))
		e.Expect(secret.Annotations).To(HaveKeyWithValue("note", "first"))
		value := string(secret.Data["token"])

		e.Change(secret, func() {
			secret.Labels["other"] = "others"
			secret.Data["other"] = []byte("somebody's")
		})
		e.Change(key, func() {
			key.Spec.Secret.Key = "api-key"
			key.Spec.Secret.Labels = map[string]v1alpha1.LabelValue{"team": "sales"}
			key.Spec.Secret.Annotations = nil
		})
		e.Await(func(g Gomega) {
			after := e.Secret(key)
			g.Expect(after.Labels).To(Equal(map[string]string{
				"team": "sales", "other": "others", v1alpha1.SecretTypeLabel: v1alpha1.SecretTypeAPIKey,
			}))
			g.Expect(after.Annotations).NotTo(HaveKey("note"))
			g.Expect(after.Data).To(HaveLen(2))
			g.Expect(string(after.Data["api-key"])).To(Equal(value))
			g.Expect(string(after.Data["other"])).To(Equal("somebody's"))
		})
		e.AwaitDelivered(key, 1)
		e.Expect(e.Posts()).To(Equal(1))
	})

	It("has the type that a workload wants, with its data", func() {
		e := newEnvironment()
		key := e.issued(func(k *v1alpha1.EndpointAPIKey) {
			k.Spec.Secret.Type, k.Spec.Secret.Key = "kubernetes.io/basic-auth", "password"
			templates(map[string]v1alpha1.TemplateText{"username": "{{ .keyID }}"})(k)
		})
		secret := e.Secret(key)
		e.Expect(secret.Type).To(Equal(corev1.SecretTypeBasicAuth))
		e.Expect(string(secret.Data["username"])).To(Equal(e.Read(key).Status.KeyID))
		e.rotate(key, 0)
		e.Await(func(g Gomega) { g.Expect(e.Secret(key).Data["password"]).NotTo(Equal(secret.Data["password"])) })
		e.AwaitDelivered(key, 1)
	})

	It("is not made if its type wants other data, which costs no key", func() {
		e := newEnvironment()
		key := e.Key(func(k *v1alpha1.EndpointAPIKey) { k.Spec.Secret.Type = "kubernetes.io/ssh-auth" })
		e.Create(key)
		e.reports(key, v1alpha1.ReasonSecretRejected, status.FailedStatus, "data[ssh-privatekey]: Required value")
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(BeZero()) })
		e.Change(key, func() { key.Spec.Secret.Key = "ssh-privatekey" })
		e.AwaitDelivered(key, 1)
		e.Expect(e.Posts()).To(Equal(1))
	})

	It("keeps the type that it has from an earlier life, with a word of that", func() {
		e := newEnvironment()
		left := e.issued(func(k *v1alpha1.EndpointAPIKey) { k.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain })
		value := e.Secret(left).Data["api-key"]
		e.Delete(left)
		e.AwaitAbsent(left)
		next := e.Key(func(k *v1alpha1.EndpointAPIKey) { k.Spec.Secret.Type = "servicebinding.io/cognigy" })
		e.Create(next)
		message := e.renewalBlocked(next, v1alpha1.ReasonSecretRejected)
		e.Expect(message).To(ContainSubstring(`has the type "Opaque", and secret.type is "servicebinding.io/cognigy"`))
		e.Expect(e.Secret(next).Data["api-key"]).To(Equal(value))
		// A rotation could not write its key.
		e.rotate(next, 0)
		e.Await(func(g Gomega) { g.Expect(e.Read(next).Status.ObservedGeneration).To(Equal(e.Read(next).Generation)) })
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(1)) })
		e.Delete(e.Secret(next))
		e.Await(func(g Gomega) {
			g.Expect(e.Secret(next)).To(HaveValue(HaveField("Type", corev1.SecretType("servicebinding.io/cognigy"))))
		})
		e.AwaitDelivered(next, 1)
	})

	It("is found by controllers of service bindings, with type and provider for who wants them", func() {
		e := newEnvironment()
		key := e.Key(func(k *v1alpha1.EndpointAPIKey) {
			k.Spec.Secret.Name, k.Spec.Secret.Type = "binding", "servicebinding.io/cognigy"
			templates(map[string]v1alpha1.TemplateText{"type": "cognigy", "provider": "cognigy-operator"})(k)
		})
		e.Create(key)
		found := e.AwaitDelivered(key, 1)
		e.Expect(found.Status.Binding).To(Equal(&v1alpha1.ServiceBinding{Name: "binding"}))
		secret := e.Secret(key)
		e.Expect(string(secret.Data["type"])).To(Equal("cognigy"))
		e.Expect(string(secret.Data["provider"])).To(Equal("cognigy-operator"))
		bindings := &rbacv1.ClusterRoleList{}
		e.Expect(cluster.List(e.Context, bindings, client.MatchingLabels{"servicebinding.io/controller": "true"})).To(Succeed())
		e.Expect(bindings.Items).To(ConsistOf(HaveField("Rules", ConsistOf(rbacv1.PolicyRule{
			APIGroups: []string{"cognigy-operator.io"}, Resources: []string{"endpointapikeys"}, Verbs: []string{"get", "list", "watch"},
		}))))
	})

	// The display name is part of the key's name.
	DescribeTable("is not made if Cognigy refuses the display name, which costs no key:", func(refused string) {
		e := newEnvironment()
		key := e.Key(func(k *v1alpha1.EndpointAPIKey) { k.Spec.DisplayName = refused })
		e.Create(key)
		e.reports(key, v1alpha1.ReasonInvalidDisplayName, status.FailedStatus, "letters, digits, spaces and hyphens in displayName")
		e.Expect(e.Cognigy.Ledger()).To(BeEmpty())
		e.Change(key, func() { key.Spec.DisplayName = strings.Repeat("x", 112) })
		e.AwaitDelivered(key, 1)
		e.Expect(e.Cognigy.Ledger()[0].Name).To(And(HaveLen(200), HavePrefix(strings.Repeat("x", 112)+" 20")))
	},
		Entry("an umlaut and an emoji", "Schlüssel 🔑"),
		Entry("brackets", "CRM [webhook]"),
	)
})
