// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// variety creates keys that are ready, failed, and suspended before they had a key.
func (e *environment) variety() {
	GinkgoHelper()
	e.issued(func(k *v1alpha1.EndpointAPIKey) { k.Spec.Rotation.Every = &metav1.Duration{Duration: 720 * time.Hour} })
	e.Create(&corev1.Secret{ObjectMeta: e.Meta("taken")})
	failed := e.Key(fixtures.Named("taken"))
	e.Create(failed)
	e.reports(failed, v1alpha1.ReasonSecretNotOwned, status.FailedStatus)
	suspended := e.Key(fixtures.Named("waiting"), func(k *v1alpha1.EndpointAPIKey) { k.Spec.Suspend = true })
	e.Create(suspended)
	e.reports(suspended, v1alpha1.ReasonSuspended, status.InProgressStatus)
}

// rolling is a Pod template that reads the Secret in every way.
func rolling(secret string) corev1.PodTemplateSpec {
	template, local := fixtures.PodTemplate(), corev1.LocalObjectReference{Name: secret}
	container := &template.Spec.Containers[0]
	container.Env = []corev1.EnvVar{{Name: "KEY", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: local, Key: "api-key"}}}}
	template.Spec.InitContainers = []corev1.Container{{
		Name: "init", Image: "registry.invalid/init",
		EnvFrom: []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: local}}},
	}}
	template.Spec.Volumes = []corev1.Volume{
		{Name: "plain", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: secret}}},
		{Name: "together", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: []corev1.VolumeProjection{{Secret: &corev1.SecretProjection{LocalObjectReference: local}}},
		}}},
	}
	return template
}

var _ = Describe("kubectl cognigy status", Label("cli"), func() {
	It("shows keys, and why one is not ready", func() {
		e := newEnvironment()
		golden("status-none", e.kubectlCognigy("status").errOut)
		e.variety()
		golden("status", e.prints("status"))
		golden("status-wide", e.prints("status", "-o", "wide"))
		golden("status-named", e.prints("status", "taken"))
		list := e.prints("status", "-o", "json")
		golden("status-json", list)
		e.Expect(e.prints("status", "-o", "yaml")).To(MatchYAML(list))
		e.Expect(e.prints("status", "-A")).To(And(
			MatchRegexp(`^NAMESPACE +NAME +HEALTH`), MatchRegexp(`(?m)^`+e.Namespace+` +crm +Ready`),
		))
	})

	It("shows replaced keys that work on, and a rotation that is blocked", func() {
		e := newEnvironment()
		key := e.issued(withOverlap)
		e.request(key, later().Format(time.RFC3339))
		e.AwaitDelivered(key, 2)
		e.request(key, "tomorrow")
		e.Await(func(g Gomega) { g.Expect(e.kubectlCognigy("status").out).To(ContainSubstring("Warning")) })
		golden("status-warning", e.prints("status", "-o", "json"))
	})

	It("shows as a tree what reads a Secret", func() {
		e := newEnvironment()
		e.variety()
		deployment := fixtures.Deployment(e.Namespace, 0)
		deployment.Spec.Template = rolling("crm")
		e.Create(deployment)
		golden("tree", e.prints("status", "--tree"))

		e.permitRules("reader", rbacv1.PolicyRule{
			APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"endpointapikeys"}, Verbs: []string{"get", "list"},
		})
		e.Await(func(g Gomega) { g.Expect(e.kubectlCognigy("status", "crm", "--tree", "--as=reader").code).To(BeZero()) })
		found := e.kubectlCognigy("status", "crm", "--tree", "--as=reader")
		golden("tree-forbidden", found.out+found.errOut)
	})

	It("says which permission is missing", func() {
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		found := e.kubectlCognigy("status", "--as=jane")
		e.Expect(found.code).To(Equal(1))
		e.Expect(found.out).To(BeEmpty())
		golden("status-forbidden", found.errOut)
		golden("status-forbidden-everywhere", e.kubectlCognigy("status", "-A", "--as=jane").errOut)
		e.permitView("jane")
		e.Await(func(g Gomega) { g.Expect(e.kubectlCognigy("status", "--as=jane").code).To(BeZero()) })
		e.Create(e.Key())
		golden("suspend-forbidden", e.kubectlCognigy("suspend", "crm", "--as=jane").errOut)
	})

	It("says what is wrong with what it was asked", func() {
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		golden("status-wrong", e.kubectlCognigy("status", "-o", "xml").errOut+
			e.kubectlCognigy("status", "--tree", "-o", "yaml").errOut+e.kubectlCognigy("status", "-A", "crm").errOut+
			e.kubectlCognigy("status", "nothing").errOut+e.kubectlCognigy("status", "--context=nowhere").errOut)
	})

	It("completes names", func() {
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		e.Create(e.Key())
		e.Create(e.Key(fixtures.Named("other")))
		e.Expect(e.prints("__complete", "status", "crm", "")).To(Equal("other\n:4\n"))
		e.Expect(e.prints("__complete", "explain", "")).To(Equal("crm\nother\n:4\n"))
		e.Expect(e.prints("__complete", "check", "")).To(ContainSubstring("cognigy\n"))
		e.Expect(e.prints("__complete", "status", "--context", "")).To(ContainSubstring(":4\n"))
		e.Expect(e.prints("--version")).To(Equal("kubectl-cognigy test\n"))
	})
})
