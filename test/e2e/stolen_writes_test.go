// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"maps"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// What the policies say of a write that they refuse.
const (
	refusedCreation = "may create no Secret but that of an EndpointAPIKey"
	refusedChange   = "may change Secrets of EndpointAPIKeys only"
	refusedDeletion = "may delete Secrets of EndpointAPIKeys only"
	refusedType     = "may write no Secret of a type that Kubernetes takes for credentials of its own"
	refusedResource = "may change nothing of EndpointAPIKeys and connections but their status"
	refusedWorkload = "may change nothing of workloads but the annotations"
)

var _ = Describe("Someone with the token of the operator's ServiceAccount", Label("security"), Ordered, Serial, func() {
	var s *stolen
	BeforeAll(func() {
		s = newStolen()
		// The API server takes a moment to enforce a policy, and to know a permission.
		s.Eventually(func() error { return deletes(foreign)(s) }).WithTimeout(patience).Should(MatchError(ContainSubstring(refusedDeletion)))
		s.Eventually(func() error { return sets(deployment, restart)(s) }).WithTimeout(patience).Should(Succeed())
	})

	DescribeTable("cannot", func(write func(*stolen) error, says string) {
		s.Expect(write(s)).To(MatchError(And(ContainSubstring("ValidatingAdmissionPolicy"), ContainSubstring(says))))
	},
		Entry("create a Secret without the label", creates(func(secret *corev1.Secret) { secret.Labels = nil }), refusedCreation),
		Entry("create credentials", creates(protect), refusedCreation),
		Entry("create a Secret without a record", creates(func(secret *corev1.Secret) { secret.Annotations = nil }), refusedCreation),
		Entry("create a Secret of another owner", creates(ownedBy("Deployment", "apps/v1")), refusedCreation),
		Entry("create a Secret of another EndpointAPIKey than its record's", creates(func(secret *corev1.Secret) {
			secret.Annotations[v1alpha1.OwnerUIDAnnotation] = "another"
		}), refusedCreation),
		Entry("have Kubernetes make a token of a ServiceAccount", creates(setType(corev1.SecretTypeServiceAccountToken), func(secret *corev1.Secret) {
			secret.Annotations[corev1.ServiceAccountNameKey] = "default"
		}), refusedType),
		Entry("create a token by which nodes join", creates(setType(corev1.SecretTypeBootstrapToken), func(secret *corev1.Secret) {
			secret.Namespace, secret.Name, secret.OwnerReferences = metav1.NamespaceSystem, "bootstrap-token-abcdef", nil
		}), refusedType),

		Entry("overwrite somebody's Secret", updates(foreign, setData), refusedChange),
		Entry("overwrite it with what looks like a key", updates(foreign, func(secret *corev1.Secret) { setData(secret); claim(secret) }), refusedChange),
		Entry("make it look like one with a key", changes(foreign, claim), refusedChange),
		Entry("annotate it", changes(foreign, func(secret *corev1.Secret) { secret.Annotations["note"] = "x" }), refusedChange),
		Entry("add an annotation", changes(foreign, func(secret *corev1.Secret) { secret.Annotations["replicate-to"] = "evil" }), refusedChange),
		Entry("label it", changes(foreign, func(secret *corev1.Secret) { secret.Labels["team"] = "x" }), refusedChange),
		Entry("add a label", changes(foreign, func(secret *corev1.Secret) { secret.Labels["more"] = "x" }), refusedChange),
		Entry("remove its labels", changes(foreign, func(secret *corev1.Secret) { secret.Labels = nil }), refusedChange),
		Entry("have it collected with another object", changes(foreign, ownedBy("ConfigMap", "v1")), refusedChange),
		Entry("make it immutable", changes(foreign, func(secret *corev1.Secret) { secret.Immutable = new(true) }), refusedChange),
		Entry("give it another finalizer", changes(foreign, func(secret *corev1.Secret) { secret.Finalizers = []string{foreignFinalizer} }), refusedChange),
		Entry("delete it", deletes(foreign), refusedDeletion),
		Entry("overwrite credentials", changes(credential, setData), refusedChange),
		Entry("overwrite credentials while it protects them", changes(credential, func(secret *corev1.Secret) { setData(secret); protect(secret) }), refusedChange),
		Entry("delete credentials", deletes(credential), refusedDeletion),
		Entry("delete a ServiceAccount's token", deletes(token), refusedDeletion),
		Entry("overwrite a ServiceAccount's token", changes(token, setData), refusedChange),
		Entry("have a delivered Secret collected with another object", changes(delivered, func(secret *corev1.Secret) {
			secret.OwnerReferences = append(secret.OwnerReferences, metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "x", UID: "x"})
		}), refusedChange),
		Entry("hide a delivered Secret from the operator", changes(delivered, func(secret *corev1.Secret) { delete(secret.Labels, v1alpha1.SecretTypeLabel) }), refusedChange),

		Entry("change the spec of an EndpointAPIKey", changes(resource, func(key *v1alpha1.EndpointAPIKey) { key.Spec.Suspend = true }), refusedResource),
		Entry("request a rotation", changes(resource, func(key *v1alpha1.EndpointAPIKey) {
			key.Annotations = map[string]string{v1alpha1.RotateRequestedAtAnnotation: "2026-11-22T10:00:00Z"}
		}), refusedResource),
		Entry("label an EndpointAPIKey", changes(resource, func(key *v1alpha1.EndpointAPIKey) { key.Labels = map[string]string{"a": "b"} }), refusedResource),
		Entry("remove somebody's finalizer", changes(resource, func(key *v1alpha1.EndpointAPIKey) { key.Finalizers = nil }), refusedResource),
		Entry("have a connection send another Secret", changes(connection, func(c *v1alpha1.CognigyConnection) {
			c.Spec.Auth.APIKey.SecretRef.Name = "database"
		}), refusedResource),
		Entry("permit namespaces the use of a ClusterCognigyConnection", changes(shared, func(c *v1alpha1.ClusterCognigyConnection) {
			c.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll}
		}), refusedResource),

		Entry("change a Deployment's image", sets(deployment, newImage), refusedWorkload),
		Entry("change a StatefulSet's image", sets(set, newImage), refusedWorkload),
		Entry("change a DaemonSet's image", sets(agent, newImage), refusedWorkload),
		Entry("restart a Deployment with another image", sets(deployment, func() map[string]any {
			both := annotated("cognigy-operator.io/key-0123456789abcdef01234567")
			maps.Copy(both["spec"].(map[string]any)["template"].(map[string]any), newImage["spec"].(map[string]any)["template"].(map[string]any))
			return both
		}()), refusedWorkload),
		Entry("scale a Deployment", sets(deployment, inSpec("replicas", 7)), refusedWorkload),
		Entry("pause a Deployment", sets(deployment, inSpec("paused", true)), refusedWorkload),
		Entry("have a Deployment stop before it starts", sets(deployment, inSpec("strategy", map[string]any{"type": "Recreate", "rollingUpdate": nil})), refusedWorkload),
		Entry("label a Deployment's Pods", sets(deployment, inSpec("template", map[string]any{"metadata": map[string]any{"labels": map[string]any{"a": "b"}}})), refusedWorkload),
		Entry("label a Deployment", sets(deployment, map[string]any{"metadata": map[string]any{"labels": map[string]any{"a": "b"}}}), refusedWorkload),
		Entry("set another annotation of a Deployment's Pods", sets(deployment, annotated("sidecar.istio.io/inject")), refusedWorkload),
	)

	// Else the specs above could pass because nothing is permitted.
	DescribeTable("can do what the operator does:", func(write func(*stolen) error) {
		s.Expect(write(s)).To(Succeed())
	},
		Entry("create the Secret of an EndpointAPIKey", creates()),
		Entry("create one that outlives it", creates(func(secret *corev1.Secret) { secret.OwnerReferences = nil })),
		Entry("create one of another type", creates(setType("example.com/any"))),
		Entry("write a delivered Secret", changes(delivered, setData)),
		Entry("put the label of a delivered Secret back", func(s *stolen) error {
			label := s.delivered.Labels
			s.Change(s.delivered, func() { s.delivered.Labels = nil })
			return changes(delivered, func(secret *corev1.Secret) { secret.Labels = label })(s)
		}),
		Entry("detach a delivered Secret", changes(delivered, func(secret *corev1.Secret) { secret.OwnerReferences = nil })),
		Entry("take over a Secret that outlived its EndpointAPIKey", changes(retained, func(secret *corev1.Secret) {
			secret.OwnerReferences = s.delivered.OwnerReferences
			setData(secret)
		})),
		Entry("delete a delivered Secret", deletes(delivered)),
		Entry("protect credentials", changes(credential, protect)),
		Entry("remove its finalizer", changes(resource, func(key *v1alpha1.EndpointAPIKey) { controllerutil.RemoveFinalizer(key, v1alpha1.Finalizer) })),
		Entry("protect a connection", changes(connection, func(c *v1alpha1.CognigyConnection) { c.Finalizers = []string{v1alpha1.InUseFinalizer} })),
		Entry("protect a ClusterCognigyConnection", changes(shared, func(c *v1alpha1.ClusterCognigyConnection) {
			c.Finalizers = []string{v1alpha1.InUseFinalizer}
		})),
		Entry("restart a Deployment", sets(deployment, restart)),
		Entry("restart a StatefulSet", sets(set, restart)),
		Entry("restart a DaemonSet", sets(agent, restart)),
	)

	// kube-controller-manager compares the policies with the types that they are for.
	It("meets policies that fit what they are for", func() {
		s.Await(func(g Gomega) {
			found := &admissionv1.ValidatingAdmissionPolicyList{}
			g.Expect(cluster.List(s.Context, found)).To(Succeed())
			checked := 0
			for _, policy := range found.Items {
				if !strings.HasSuffix(policy.Name, "-writes") {
					continue
				}
				g.Expect(policy.Status.ObservedGeneration).To(Equal(policy.Generation))
				g.Expect(policy.Status.TypeChecking).To(HaveValue(HaveField("ExpressionWarnings", BeEmpty())), policy.Name)
				checked++
			}
			g.Expect(checked).To(Equal(3))
		})
	})

	It("is the only one whom the policies concern", func() {
		changed := s.foreign.DeepCopy()
		setData(changed)
		s.Expect(cluster.Update(s.Context, changed, client.DryRunAll)).To(Succeed())
	})
})
