// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

const webhookName = "old.example.com"

// addOldWebhook adds a webhook for Secrets that may have side effects, so that the API server refuses dry runs. Kubernetes accepts no
// new one, but keeps those of before 1.22: so this one is put into etcd.
func (e *environment) addOldWebhook() (exempt func()) {
	GinkgoHelper()
	old := &admissionv1.ValidatingWebhookConfiguration{
		TypeMeta:   metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "ValidatingWebhookConfiguration"},
		ObjectMeta: metav1.ObjectMeta{Name: "old-" + e.Namespace, UID: "0a000000-0000-4000-8000-000000000001"},
		Webhooks: []admissionv1.ValidatingWebhook{{
			Name: webhookName, SideEffects: new(admissionv1.SideEffectClassSome), FailurePolicy: new(admissionv1.Ignore),
			ClientConfig: admissionv1.WebhookClientConfig{URL: new("https://127.0.0.1:1/")}, AdmissionReviewVersions: []string{"v1"},
			Rules:             []admissionv1.RuleWithOperations{secretWrites.ResourceRules[0].RuleWithOperations},
			NamespaceSelector: within(e.Namespace).NamespaceSelector,
		}},
	}
	e.store("/registry/validatingwebhookconfigurations/"+old.Name, old)
	DeferCleanup(e.Delete, old)
	e.Await(func(g Gomega) { // the API server takes a moment to obey
		probe := &corev1.Secret{ObjectMeta: e.Meta("probe")}
		g.Expect(cluster.Create(e.Context, probe, client.DryRunAll)).To(MatchError(ContainSubstring("dry run")))
	})
	return func() {
		e.Change(old, func() {
			old.Webhooks[0].ObjectSelector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{
				Key: v1alpha1.SecretTypeLabel, Operator: metav1.LabelSelectorOpNotIn, Values: []string{v1alpha1.SecretTypeAPIKey},
			}}}
		})
	}
}

// store puts an object into etcd.
func (e *environment) store(key string, object client.Object) {
	GinkgoHelper()
	value, err := json.Marshal(object)
	e.Expect(err).NotTo(HaveOccurred())
	request, err := json.Marshal(map[string][]byte{"key": []byte(key), "value": value})
	e.Expect(err).NotTo(HaveOccurred())
	put, err := http.NewRequestWithContext(e.Context, http.MethodPost, bed.Etcd+"/v3/kv/put", bytes.NewReader(request))
	e.Expect(err).NotTo(HaveOccurred())
	answer, err := http.DefaultClient.Do(put)
	e.Expect(err).NotTo(HaveOccurred())
	e.Expect(answer.Body.Close()).To(Succeed())
	e.Expect(answer).To(HaveHTTPStatus(http.StatusOK))
}

var _ = Describe("A webhook that does not support dry runs", Label("secret"), func() {
	It("blocks a rotation until it exempts the operator's Secrets, which costs no key", func() {
		e := newEnvironment()
		key := e.issued()
		exempt := e.addOldWebhook()
		e.rotate(key, time.Hour)
		e.blocked(key, v1alpha1.ReasonDryRunUnsupported, webhookName, "sideEffects", v1alpha1.SecretTypeLabel)
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(1)) })
		exempt()
		e.AwaitDelivered(key, 2)
		e.Expect(e.Posts()).To(Equal(2))
	})
})
