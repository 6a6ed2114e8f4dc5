// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"cmp"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// refusal is a way in which Kubernetes refuses a Secret, and what the message quotes of it.
type refusal struct {
	refuse func(e *environment) (allow func())
	reason string // SecretRejected if empty
	quotes string
}

var _ = Describe("A Secret that Kubernetes would refuse", Label("issue", "secret"), func() {
	DescribeTable("is found out before a key exists:", func(test refusal) {
		e := newEnvironment()
		allow := test.refuse(e)
		key := e.Key()
		e.Create(key)
		message := e.reports(key, cmp.Or(test.reason, v1alpha1.ReasonSecretRejected), status.FailedStatus)
		e.Expect(message).To(ContainSubstring(test.quotes))
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(BeZero()) })
		e.Expect(e.Read(key).Finalizers).To(BeEmpty(), "nothing can exist in Cognigy, so nothing has to hold the resource")
		allow()
		e.AwaitDelivered(key, 1)
		e.Expect(e.Posts()).To(Equal(1))
	},
		Entry("by quota", refusal{quotes: "quota", refuse: func(e *environment) func() {
			quota := &corev1.ResourceQuota{
				ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: "secrets"},
				Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{"count/secrets": resource.MustParse("1")}},
			}
			e.Create(quota)
			e.Await(func(g Gomega) {
				g.Expect(cluster.Get(e.Context, clientKey(quota), quota)).To(Succeed())
				used := quota.Status.Used["count/secrets"]
				g.Expect(used.Value()).To(BeEquivalentTo(1), "the credentials")
			})
			return func() { e.Delete(quota) }
		}}),
		Entry("by admission", refusal{quotes: "no API keys here", refuse: func(e *environment) func() {
			policy, binding := refuseSecrets(e.Namespace)
			e.Create(policy)
			e.Create(binding)
			e.Await(func(g Gomega) { // the API server takes a moment to enforce a policy
				probe := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
					Namespace: e.Namespace, GenerateName: "probe-", Labels: map[string]string{v1alpha1.SecretTypeLabel: "probe"},
				}}
				g.Expect(cluster.Create(e.Context, probe)).NotTo(Succeed())
			})
			return func() { e.Delete(binding); e.Delete(policy) }
		}}),
		// A key that was delivered so would not be recognized, and another be made, for ever.
		Entry("by being altered", refusal{quotes: "changes the data or annotations", refuse: func(e *environment) func() {
			return e.mutateSecrets(func(secret *corev1.Secret) { delete(secret.Annotations, v1alpha1.KeyIDAnnotation) })
		}}),
		// The first key would be the last one.
		Entry("by being made immutable", refusal{
			reason: v1alpha1.ReasonSecretImmutable, quotes: "policy makes Secret", refuse: (*environment).makeSecretsImmutable,
		}),
		Entry("by a webhook that does not support dry runs, perhaps", refusal{
			reason: v1alpha1.ReasonDryRunUnsupported, quotes: `"` + webhookName + `" does not support the dry run`, refuse: (*environment).addOldWebhook,
		}),
	)
})

// secretWrites are what the policies of these tests are about.
var secretWrites = &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{
	RuleWithOperations: admissionv1.RuleWithOperations{
		Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
		Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"secrets"}},
	},
}}}

// within is where they hold.
func within(namespace string) *admissionv1.MatchResources {
	return &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{
		MatchLabels: map[string]string{corev1.LabelMetadataName: namespace},
	}}
}

// refuseSecrets refuses labelled Secrets in a namespace.
func refuseSecrets(namespace string) (policy, binding client.Object) {
	name := metav1.ObjectMeta{Name: "refuse-" + namespace}
	policy = &admissionv1.ValidatingAdmissionPolicy{ObjectMeta: name, Spec: admissionv1.ValidatingAdmissionPolicySpec{
		MatchConstraints: secretWrites,
		Validations: []admissionv1.Validation{{
			Expression: "!has(object.metadata.labels) || !('" + v1alpha1.SecretTypeLabel + "' in object.metadata.labels) || " +
				"object.metadata.labels['" + v1alpha1.SecretTypeLabel + "'] == 'credentials'",
			Message: "no API keys here",
		}},
	}}
	binding = &admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: name, Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
		PolicyName: name.Name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny}, MatchResources: within(namespace),
	}}
	return policy, binding
}
