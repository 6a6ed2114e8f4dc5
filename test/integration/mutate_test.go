// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// recordCarriers are Secrets with a record.
var recordCarriers = []admissionv1.MatchCondition{{
	Name:       "record",
	Expression: "has(object.metadata.annotations) && '" + v1alpha1.KeyIDAnnotation + "' in object.metadata.annotations",
}}

// mutateSecrets has a webhook change each Secret of the namespace that carries a record when it is written. It returns when the API
// server asks the webhook. A MutatingAdmissionPolicy would need no server, but API servers before 1.36 do not serve it by default.
func (e *environment) mutateSecrets(mutate func(*corev1.Secret)) (stop func()) {
	GinkgoHelper()
	var asked atomic.Bool
	server := httptest.NewTLSServer(&admission.Webhook{Handler: admission.HandlerFunc(
		func(_ context.Context, request admission.Request) admission.Response {
			asked.Store(true)
			secret := &corev1.Secret{}
			if err := json.Unmarshal(request.Object.Raw, secret); err != nil {
				return admission.Errored(http.StatusBadRequest, err)
			}
			mutate(secret)
			written, err := json.Marshal(secret)
			if err != nil {
				return admission.Errored(http.StatusInternalServerError, err)
			}
			return admission.PatchResponseFromRaw(request.Object.Raw, written)
		},
	)})
	DeferCleanup(server.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	webhook := &admissionv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "mutate-" + e.Namespace},
		Webhooks: []admissionv1.MutatingWebhook{{
			Name: "mutate.example.com", ClientConfig: admissionv1.WebhookClientConfig{URL: &server.URL, CABundle: authority},
			Rules:             []admissionv1.RuleWithOperations{secretWrites.ResourceRules[0].RuleWithOperations},
			NamespaceSelector: within(e.Namespace).NamespaceSelector, MatchConditions: recordCarriers,
			SideEffects: new(admissionv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"},
		}},
	}
	e.Create(webhook)
	e.Await(func(g Gomega) {
		probe := &corev1.Secret{ObjectMeta: e.Meta("probe")}
		probe.Annotations = map[string]string{v1alpha1.KeyIDAnnotation: "probe"}
		g.Expect(cluster.Create(e.Context, probe, client.DryRunAll)).To(Succeed())
		g.Expect(asked.Load()).To(BeTrue())
	})
	return func() { e.Delete(webhook) }
}
