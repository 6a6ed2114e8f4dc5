// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// refuseWrites has the API server refuse writes of Secrets, but not their dry runs, as a KMS does that fails. It waits until that is so, and
// until it is not any more.
func (e *environment) refuseWrites() (permit func()) {
	GinkgoHelper()
	const says = "the key management does not answer"
	name := metav1.ObjectMeta{Name: "refuse-writes-" + e.Namespace}
	policy := &admissionv1.ValidatingAdmissionPolicy{ObjectMeta: name, Spec: admissionv1.ValidatingAdmissionPolicySpec{
		MatchConstraints: secretWrites,
		Validations:      []admissionv1.Validation{{Expression: "request.dryRun || request.name == '" + fixtures.CredentialsName + "'", Message: says}},
	}}
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: name, Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
		PolicyName: name.Name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny}, MatchResources: within(e.Namespace),
	}}
	e.Create(policy)
	e.Create(binding)
	probed := func(g Gomega) error {
		probe := &corev1.Secret{ObjectMeta: e.Meta("probe")}
		err := cluster.Create(e.Context, probe)
		if err == nil {
			g.Expect(cluster.Delete(e.Context, probe)).To(Succeed())
		}
		return err
	}
	e.Await(func(g Gomega) { g.Expect(probed(g)).To(MatchError(ContainSubstring(says))) })
	return func() {
		GinkgoHelper()
		e.Delete(binding)
		e.Delete(policy)
		e.Await(func(g Gomega) { g.Expect(probed(g)).To(Succeed()) })
	}
}

// stays checks that a resource reports one reason, all the time, and that no more than so many keys were requested.
func (e *environment) stays(key *v1alpha1.EndpointAPIKey, reason string, posts int) {
	GinkgoHelper()
	e.Consistently(func(g Gomega) {
		ready := meta.FindStatusCondition(e.Read(key).Status.Conditions, v1alpha1.ConditionReady)
		g.Expect(ready).To(HaveValue(HaveField("Reason", reason)))
		g.Expect(e.Posts()).To(BeNumerically("<=", posts))
	}).WithTimeout(6 * time.Second).WithPolling(50 * time.Millisecond).Should(Succeed())
}

var _ = Describe("An attempt that makes a key in vain", Label("outcome"), func() {
	It("is followed by few others, under one reason, where Kubernetes accepts the dry run and refuses the write", func() {
		e := newEnvironment()
		permit := e.refuseWrites()
		key := e.Key()
		e.Create(key)
		e.reports(key, v1alpha1.ReasonSecretRejected, status.FailedStatus)
		e.stays(key, v1alpha1.ReasonSecretRejected, 1)
		e.Await(func(g Gomega) { g.Expect(e.LiveKeys(key)).To(BeEmpty()) })
		permit()
		// Who has mended the cause need not wait.
		e.Change(key, func() { key.Annotations = map[string]string{v1alpha1.RequestedAtAnnotation: "mended"} })
		e.AwaitDelivered(key, 1)
	})

	It("is followed by few others, and leaves no key behind, where something answers in front of Cognigy after the effect", func() {
		e := newEnvironment(fixtures.WithTimeouts(5*time.Second, shortDelivery))
		e.Cognigy.Inject(simulator.Fault{
			Method: "POST", Route: simulator.RouteKeys, Kind: simulator.FaultCommitThenStatus, Status: 403, ContentType: "application/json",
			Body: `{"code":403}`,
		})
		key := e.Key()
		e.Create(key)
		e.Await(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
		e.stays(key, v1alpha1.ReasonUnexpectedAnswer, 2)
		e.Await(func(g Gomega) { g.Expect(e.LiveKeys(key)).To(BeEmpty()) })
	})
})
