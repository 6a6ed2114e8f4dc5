// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// makeSecretsImmutable has a webhook make Secrets immutable that carry a record.
func (e *environment) makeSecretsImmutable() (allow func()) {
	GinkgoHelper()
	return e.mutateSecrets(func(secret *corev1.Secret) { secret.Immutable = new(true) })
}

// frozen issues a key, and makes its Secret immutable.
func (e *environment) frozen() (*v1alpha1.EndpointAPIKey, *corev1.Secret) {
	GinkgoHelper()
	key := e.issued()
	secret := e.Secret(key)
	e.Change(secret, func() { secret.Immutable = new(true) })
	return key, secret
}

// blocked waits until a resource reports that its key works, and why it cannot be renewed.
func (e *environment) blocked(key *v1alpha1.EndpointAPIKey, reason string, says ...string) {
	GinkgoHelper()
	e.Await(func(g Gomega) {
		found := e.Read(key)
		g.Expect(fixtures.Kstatus(g, found)).To(Equal(status.CurrentStatus))
		is := meta.FindStatusCondition(found.Status.Conditions, v1alpha1.ConditionRenewalBlocked)
		g.Expect(is).To(HaveValue(HaveField("Reason", reason)))
		for _, text := range says {
			g.Expect(is.Message).To(ContainSubstring(text))
		}
	})
	e.Expect(e.Cognigy.Works(e.Endpoint.ID, string(e.Secret(key).Data["api-key"]))).To(BeTrue())
}

// A policy, or a person, may make it so, and Kubernetes never takes that back.
var _ = Describe("A Secret that is immutable", Label("secret"), func() {
	It("keeps its key when a rotation is due, until someone deletes it", func() {
		e := newEnvironment()
		key, secret := e.frozen()
		e.rotate(key, time.Hour)
		e.blocked(key, v1alpha1.ReasonSecretImmutable, e.Namespace+"/crm", "Delete the Secret", v1alpha1.SecretTypeLabel)
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(1)) })
		e.Delete(secret)
		e.AwaitDelivered(key, 2)
		e.Expect(e.Cognigy.Works(e.Endpoint.ID, string(secret.Data["api-key"]))).To(BeTrue(), "its overlap has not ended")
		e.Expect(e.Posts()).To(Equal(2))
	})

	It("gets no other key when its own does not work any more, until someone deletes it", func() {
		e := newEnvironment()
		key, secret := e.frozen()
		e.Expect(e.Cognigy.RevokeKey(e.Read(key).Status.KeyID)).To(BeTrue())
		e.reports(key, v1alpha1.ReasonSecretImmutable, status.FailedStatus, e.Namespace+"/crm", "Delete the Secret")
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(1)) })
		e.Delete(secret)
		e.AwaitDelivered(key, 1)
		e.Expect(e.Posts()).To(Equal(2))
	})

	It("follows the spec as far as its metadata goes, and is deleted with its resource", func() {
		e := newEnvironment()
		key, secret := e.frozen()
		e.Change(key, func() { key.Spec.Secret.Labels = map[string]v1alpha1.LabelValue{"team": "crm"} })
		e.Await(func(g Gomega) { g.Expect(e.Secret(key).Labels).To(HaveKeyWithValue("team", "crm")) })
		e.AwaitDelivered(key, 1)
		e.Change(key, func() { key.Spec.Secret.Key = "token" })
		e.blocked(key, v1alpha1.ReasonSecretImmutable, "nor move")
		e.Expect(e.Secret(key).Data).To(Equal(secret.Data))
		e.Change(key, func() { key.Spec.Secret.Key = "api-key" })
		e.AwaitDelivered(key, 1)
		e.Delete(key)
		e.AwaitGone(key)
		e.Expect(e.Posts()).To(Equal(1))
	})
})
