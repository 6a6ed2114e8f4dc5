// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// example is where every page of docs/moving starts.
func (s *shell) example() {
	GinkgoHelper()
	s.follow("README.md", "The example")
}

// refusesNone checks that every call of every Pod was answered, up to the end of those that were replaced.
func (s *shell) refusesNone() {
	GinkgoHelper()
	s.sleep(nil)
	made := 0
	for _, pods := range s.running() {
		s.Eventually(pods.AllCall).WithTimeout(patience).Should(BeTrue())
		s.Expect(pods.Refused()).To(BeEmpty())
		made += int(pods.calls.Load())
	}
	measured("%d calls, 0 of them refused", made)
}

// hasOneKey checks that one key works at a Cognigy, at this Endpoint.
func (s *shell) hasOneKey(at *fixtures.Environment, endpoint simulator.Endpoint) {
	GinkgoHelper()
	s.Expect(at.Cognigy.Live("")).To(HaveLen(1))
	s.Expect(at.Cognigy.Live(endpoint.ID)).To(HaveLen(1))
}

// anotherCluster starts a control plane that the spec has for itself.
func anotherCluster() *testbed.Testbed {
	GinkgoHelper()
	other, err := testbed.Start(context.Background())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(other.Stop)
	return other
}

// rotate replaces the key of the example, and has the workload get the new one within the overlap.
func (s *shell) rotate(overlap time.Duration) {
	GinkgoHelper()
	key, soon := s.Key(fixtures.Named("crm-webhook")), metav1.NewTime(time.Now().Add(time.Second)).Rfc3339Copy()
	s.Change(key, func() {
		key.Spec.Rotation = &v1alpha1.Rotation{Overlap: &metav1.Duration{Duration: overlap}, NotBefore: &soon}
	})
	s.Await(func(g Gomega) { g.Expect(s.Read(key).Status.Retiring).To(HaveLen(1)) })
	deployment := s.object("deployment", "crm", "crm").(*appsv1.Deployment)
	s.Change(deployment, func() {
		deployment.Spec.Template.Annotations = map[string]string{"kubectl.kubernetes.io/restartedAt": "now"}
	})
	s.execute(shownCommand{line: "kubectl rollout status deployment/crm -n crm"})
}

var _ = Describe("A workload that follows docs/moving", Label("moving"), func() {
	// Otherwise the specs below would prove nothing.
	It("is refused calls if the key that it uses is deleted first", func() {
		s := newShell(bed)
		s.example()
		s.Expect(s.pods[""].Refused()).To(BeEmpty())
		s.execute(shownCommand{line: "kubectl delete endpointapikey crm-webhook -n crm"})
		s.Await(func(g Gomega) { g.Expect(s.pods[""].Refused()).To(ContainElement(HaveSuffix("401 Unauthorized"))) })
	})

	It("moves to another Endpoint and back", func() {
		s := newShell(bed)
		s.example()
		s.follow("another-endpoint.md", "Steps")
		s.Expect(s.Cognigy.Live(s.Endpoint.ID)).To(BeEmpty())
		s.Expect(s.Cognigy.Live("")).To(HaveLen(1))
		s.follow("another-endpoint.md", "Go back")
		s.refusesNone()
		s.hasOneKey(s.Environment, s.Endpoint)
	})

	It("moves to another Cognigy and back", func() {
		s := newShell(bed)
		s.example()
		s.follow("another-connection.md", "Steps")
		s.Expect(s.Cognigy.Live("")).To(BeEmpty())
		s.hasOneKey(s.app, s.app.Endpoint)
		s.follow("another-connection.md", "Go back")
		s.refusesNone()
		s.Expect(s.app.Cognigy.Live("")).To(BeEmpty())
		s.hasOneKey(s.Environment, s.Endpoint)
	})

	It("moves to another cluster and back", func() {
		s := newShell(bed)
		s.clusters["old"], s.pods["old"] = s.clusters[""], s.pods[""]
		s.addCluster("new", anotherCluster())
		s.example()
		s.follow("another-cluster.md", "Steps")
		s.hasOneKey(s.Environment, s.Endpoint)
		s.follow("another-cluster.md", "Go back")
		s.refusesNone()
		s.hasOneKey(s.Environment, s.Endpoint)
	})

	It("moves to another namespace and back", func() {
		s := newShell(bed)
		s.example()
		s.follow("another-namespace.md", "Steps")
		s.hasOneKey(s.Environment, s.Endpoint)
		s.follow("another-namespace.md", "Go back")
		s.refusesNone()
		s.hasOneKey(s.Environment, s.Endpoint)
	})

	It("keeps its key while that is handed over and given back", func() {
		s := newShell(bed)
		s.example()
		s.rotate(20 * time.Second) // so that the page has a replaced key to wait for
		s.follow("handing-over.md", "Out")
		s.hasOneKey(s.Environment, s.Endpoint)
		s.follow("handing-over.md", "In again")
		s.refusesNone()
		s.hasOneKey(s.Environment, s.Endpoint)
		s.Expect(s.Posts()).To(Equal(2))
		s.execute(shownCommand{line: "kubectl delete endpointapikey crm-webhook -n crm"})
		s.Expect(s.Cognigy.Live("")).To(BeEmpty())
	})

	It("keeps its key while the operator is uninstalled and installed again, until the keys are revoked", func() {
		s := newShell(anotherCluster())
		s.example()
		s.follow("uninstalling.md", "Keep the keys")
		s.hasOneKey(s.Environment, s.Endpoint)
		s.follow("uninstalling.md", "Install it again")
		s.refusesNone()
		s.Expect(s.Posts()).To(Equal(1))
		s.follow("uninstalling.md", "Revoke the keys")
		s.Expect(s.Cognigy.Live("")).To(BeEmpty())
		secrets := &corev1.SecretList{}
		s.Expect(s.cluster().List(s.Context, secrets, client.InNamespace(s.Namespace))).To(Succeed())
		s.Expect(secrets.Items).To(HaveExactElements(And(HaveField("Name", fixtures.CredentialsName), HaveField("Finalizers", BeEmpty()))))
	})

	// The whole life of the resource moves here, and not only that of the workload: what docs/moving/restoring.md says.
	It("keeps its key in a new cluster to which the backup of the old one is restored", func() {
		s := newShell(anotherCluster())
		s.example()
		s.Expect(s.operator.stop()).To(Succeed()) // with the old cluster
		key := s.Key(fixtures.Named("crm-webhook"))
		backup := []client.Object{s.Credentials(""), s.Connection(), s.Secret(key), key}
		s.addCluster("new", bed, "--former-cluster-ids="+s.ClusterUID)
		s.execute(shownCommand{line: "kubectl --context new create namespace crm"})
		for _, object := range backup {
			s.Expect(s.Cluster.Get(s.Context, client.ObjectKeyFromObject(object), object)).To(Succeed())
			fixtures.Strip(object)
			s.Expect(s.cluster().Create(s.Context, object)).To(Succeed())
		}
		for _, line := range []string{
			"kubectl --context new wait -n crm --for=condition=Ready --timeout=2m endpointapikey/crm-webhook",
			"kubectl --context new apply -f workload.yaml", "kubectl --context new rollout status deployment/crm -n crm",
		} {
			s.execute(shownCommand{line: line})
		}
		s.refusesNone()
		s.Expect(s.Posts()).To(Equal(1))
		s.execute(shownCommand{line: "kubectl --context new delete endpointapikey crm-webhook -n crm"})
		s.Expect(s.Cognigy.Live("")).To(BeEmpty())
	})
})
