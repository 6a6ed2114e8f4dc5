// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

const soon = 60 * time.Second

// The operator's manifests are worth testing only where a missing permission hurts.
func TestServiceAccountMayOnlyWhatItsRolesSay(t *testing.T) {
	g := NewWithT(t)
	namespace := newNamespace(t)
	g.Expect(admin.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "operator"}})).To(Succeed())
	kubeconfig, err := plane.KubeconfigFor(t.Context(), namespace, "operator")
	g.Expect(err).NotTo(HaveOccurred())
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	g.Expect(err).NotTo(HaveOccurred())
	operator, err := installation.NewClient(config)
	g.Expect(err).NotTo(HaveOccurred())

	err = operator.List(t.Context(), &corev1.SecretList{}, client.InNamespace(namespace))
	g.Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
	g.Expect(err).To(MatchError(ContainSubstring("system:serviceaccount:" + namespace + ":operator")))

	role := metav1.ObjectMeta{Namespace: namespace, Name: "reads-secrets"}
	g.Expect(admin.Create(t.Context(), &rbacv1.Role{ObjectMeta: role, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"list"}},
	}})).To(Succeed())
	g.Expect(admin.Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: role,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: namespace, Name: "operator"}},
	})).To(Succeed())
	g.Eventually(func() error {
		return operator.List(t.Context(), &corev1.SecretList{}, client.InNamespace(namespace))
	}, soon).Should(Succeed())
}

// A kubeconfig is what the demo hands to people and to kubectl.
func TestKubeconfigIsTheAdministrators(t *testing.T) {
	g := NewWithT(t)
	config, err := clientcmd.RESTConfigFromKubeConfig(plane.Kubeconfig())
	g.Expect(err).NotTo(HaveOccurred())
	c, err := installation.NewClient(config)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.List(t.Context(), &corev1.SecretList{})).To(Succeed())
}

// The Secret of an EndpointAPIKey goes with its owner; nothing but the garbage collector does that.
func TestGarbageCollectionFollowsOwnerReferences(t *testing.T) {
	g := NewWithT(t)
	namespace := newNamespace(t)
	owner := &v1alpha1.EndpointAPIKey{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "owner"},
		Spec: v1alpha1.EndpointAPIKeySpec{
			ConnectionRef: v1alpha1.ConnectionReference{Name: "any"},
			Endpoint:      v1alpha1.EndpointReference{ID: "64f0c0ffee0123456789abcd"},
		},
	}
	g.Expect(admin.Create(t.Context(), owner)).To(Succeed())
	owned := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "owned"}}
	g.Expect(controllerutil.SetControllerReference(owner, owned, admin.Scheme())).To(Succeed())
	g.Expect(admin.Create(t.Context(), owned)).To(Succeed())
	bystander := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "bystander"}}
	g.Expect(admin.Create(t.Context(), bystander)).To(Succeed())

	g.Expect(admin.Delete(t.Context(), owner)).To(Succeed())
	g.Eventually(func() error {
		return admin.Get(t.Context(), client.ObjectKeyFromObject(owned), owned)
	}, soon).Should(Satisfy(apierrors.IsNotFound))
	g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(bystander), bystander)).To(Succeed())
}

// Without its controller a namespace stays Terminating for ever, and whatever waits for that hangs.
func TestNamespaceDeletionFinishes(t *testing.T) {
	g := NewWithT(t)
	namespace := newNamespace(t)
	g.Expect(admin.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "content"}})).To(Succeed())
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	g.Expect(admin.Delete(t.Context(), object)).To(Succeed())
	g.Eventually(func() error {
		return admin.Get(t.Context(), client.ObjectKeyFromObject(object), object)
	}, soon).Should(Satisfy(apierrors.IsNotFound))
}
