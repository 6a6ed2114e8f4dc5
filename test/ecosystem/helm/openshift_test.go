// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// firstUser is the first of the users that OpenShift assigns to a namespace, and the annotation names.
const (
	firstUser = int64(1000650000)
	userRange = "1000650000/10000"
)

// openShift creates a namespace as OpenShift does, and has the API server emulate the SCC restricted-v2 there.
func openShift(t *testing.T) (namespace string) {
	t.Helper()
	g := NewWithT(t)
	made := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "openshift-",
		Annotations:  map[string]string{"openshift.io/sa.scc.uid-range": userRange, "openshift.io/sa.scc.supplemental-groups": userRange},
	}}
	g.Expect(cluster.Create(t.Context(), made)).To(Succeed())
	objects, err := installation.Read("testdata/restricted_v2.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	policy := objects[0]
	policy.SetName(made.Name)
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: made.Name}, Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
		PolicyName: made.Name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny}, MatchResources: &admissionv1.MatchResources{
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: made.Name}},
		},
	}}
	for _, object := range []client.Object{policy, binding} {
		g.Expect(cluster.Create(t.Context(), object)).To(Succeed())
		t.Cleanup(func() { g.Expect(cluster.Delete(context.Background(), object)).To(Succeed()) })
	}
	return made.Name
}

// place creates the Deployment among manifests, with its ServiceAccount, in a namespace, and returns it. Kubernetes' own standard for
// restricted Pods applies there, too, as in most namespaces of OpenShift.
func place(t *testing.T, namespace string, manifests []*unstructured.Unstructured, edits ...func(*corev1.PodSpec)) *appsv1.Deployment {
	t.Helper()
	g := NewWithT(t)
	deployment := deploymentOf(t, manifests)
	deployment.Namespace, deployment.ResourceVersion = namespace, ""
	for _, edit := range edits {
		edit(&deployment.Spec.Template.Spec)
	}
	restricted := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`))
	g.Expect(cluster.Patch(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, restricted)).To(Succeed())
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: deployment.Spec.Template.Spec.ServiceAccountName}}
	g.Expect(client.IgnoreAlreadyExists(cluster.Create(t.Context(), account))).To(Succeed())
	g.Expect(cluster.Create(t.Context(), deployment)).To(Succeed())
	t.Cleanup(func() { g.Expect(cluster.Delete(context.Background(), deployment)).To(Succeed()) }) // else it looks like another installation
	return deployment
}

// podsOf returns the Pods of a namespace.
func podsOf(g Gomega, t *testing.T, namespace string) []corev1.Pod {
	pods := &corev1.PodList{}
	g.Expect(cluster.List(t.Context(), pods, client.InNamespace(namespace))).To(Succeed())
	return pods.Items
}

// Everything that the manifests and the chart deploy runs under OpenShift's default constraints: its Pods are created.
func TestOpenShift(t *testing.T) {
	deployed := map[string][]*unstructured.Unstructured{"kustomize": shipped(t, "default")}
	for _, mode := range modes(t) {
		deployed[mode] = render(t, "--values="+values(mode))
	}
	for name, manifests := range deployed {
		t.Run(name, func(t *testing.T) {
			namespace := openShift(t)
			awaitConstraints(t, namespace, deploymentOf(t, manifests))
			deployment := place(t, namespace, manifests)
			NewWithT(t).Eventually(func(g Gomega) {
				g.Expect(podsOf(g, t, namespace)).To(HaveLen(int(*deployment.Spec.Replicas)))
			}).WithTimeout(patience).Should(Succeed())
		})
	}
}

// A Deployment that names a user, as that of an earlier version did, has no Pods, and says why.
func TestOpenShiftRefusesAUser(t *testing.T) {
	g := NewWithT(t)
	namespace := openShift(t)
	awaitConstraints(t, namespace, deploymentOf(t, shipped(t, "default")))
	deployment := place(t, namespace, shipped(t, "default"), func(pod *corev1.PodSpec) { pod.SecurityContext.RunAsUser = new(int64(65532)) })
	g.Eventually(func(g Gomega) {
		g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(deployment), deployment)).To(Succeed())
		g.Expect(deployment.Status.Conditions).To(ContainElement(And(
			HaveField("Type", appsv1.DeploymentReplicaFailure), HaveField("Message", ContainSubstring("runAsUser: must be in the range")),
		)))
	}).WithTimeout(patience).Should(Succeed())
	g.Expect(podsOf(g, t, namespace)).To(BeEmpty())
}

// awaitConstraints waits until the emulation is enforced, and checks that it refuses what the SCC does, and a user of the range not.
func awaitConstraints(t *testing.T, namespace string, deployment *appsv1.Deployment) {
	t.Helper()
	g := NewWithT(t)
	try := func(edit func(*corev1.PodSpec)) error {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "try"}, Spec: *deployment.Spec.Template.Spec.DeepCopy()}
		edit(&pod.Spec)
		return cluster.Create(t.Context(), pod, client.DryRunAll)
	}
	g.Eventually(func() error {
		return try(func(pod *corev1.PodSpec) { pod.SecurityContext.RunAsUser = new(int64(65532)) })
	}).
		WithTimeout(patience).Should(MatchError(ContainSubstring("runAsUser: ")))
	g.Expect(try(func(pod *corev1.PodSpec) { pod.SecurityContext.RunAsUser = new(firstUser) })).To(Succeed())
	for says, edit := range map[string]func(*corev1.PodSpec){
		"runAsUser: must": func(pod *corev1.PodSpec) { pod.Containers[0].SecurityContext.RunAsUser = new(int64(65532)) },
		"fsGroup: must":   func(pod *corev1.PodSpec) { pod.SecurityContext.FSGroup = new(int64(65532)) },
		"seLinuxOptions: must": func(pod *corev1.PodSpec) {
			pod.SecurityContext.SELinuxOptions = &corev1.SELinuxOptions{Type: "container_t"}
		},
		"capabilities: ALL":    func(pod *corev1.PodSpec) { pod.Containers[0].SecurityContext.Capabilities = nil },
		"seccompProfile: must": func(pod *corev1.PodSpec) { pod.SecurityContext.SeccompProfile = nil },
		"runAsNonRoot: must":   func(pod *corev1.PodSpec) { pod.SecurityContext.RunAsNonRoot = new(false) },
		"allowPrivilegeEscalation: must": func(pod *corev1.PodSpec) {
			pod.Containers[0].SecurityContext.AllowPrivilegeEscalation = nil
		},
		"hostNetwork, hostPID": func(pod *corev1.PodSpec) { pod.HostNetwork = true },
		"volumes: one": func(pod *corev1.PodSpec) {
			pod.Volumes = []corev1.Volume{{Name: "host", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}}
		},
	} {
		g.Expect(try(edit)).To(MatchError(ContainSubstring(says)), says)
	}
}
