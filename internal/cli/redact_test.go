// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// A report has nothing of what users may have put into fields and annotations, and nothing that has the form of a key.
func TestRedact(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const secret = "hunter2"
	own := strings.Repeat("0123456789abcdef", 4)
	metadata := metav1.ObjectMeta{Name: "crm", Annotations: map[string]string{
		"kubectl.kubernetes.io/last-applied-configuration": secret, v1alpha1.ChecksumAnnotation: secret, v1alpha1.KeyIDAnnotation: "id",
	}, ManagedFields: []metav1.ManagedFieldsEntry{{Manager: secret}}}
	key := &v1alpha1.EndpointAPIKey{ObjectMeta: metadata, Spec: v1alpha1.EndpointAPIKeySpec{DisplayName: own, Secret: v1alpha1.SecretTarget{
		Annotations: map[string]v1alpha1.AnnotationValue{"a": secret},
		Template:    &v1alpha1.SecretTemplate{Data: map[string]v1alpha1.TemplateText{"file": secret}},
	}}}
	found := &v1alpha1.CognigyConnection{ObjectMeta: metadata, Spec: v1alpha1.ConnectionSpec{CABundle: []byte(secret)}}
	deployment := &appsv1.Deployment{ObjectMeta: metadata}
	deployment.Spec.Template.Spec.Containers = []corev1.Container{
		{Name: managerContainer, Image: "image:1", Args: []string{"--leader-elect"}, Env: []corev1.EnvVar{{Name: "PROXY", Value: secret}}},
	}
	for _, object := range []any{redactKey(key), redactConnection(found), redactDeployment(deployment), redactMetadata(metadata)} {
		data, err := yaml.Marshal(object)
		g.Expect(err).NotTo(HaveOccurred())
		text := string(scrub(data))
		g.Expect(text).To(ContainSubstring("crm"))
		g.Expect(text).NotTo(Or(ContainSubstring(secret), ContainSubstring(own), ContainSubstring("aHVudGVyMg")))
	}
	g.Expect(key.Spec.Secret.Template.Data).To(HaveKeyWithValue("file", v1alpha1.TemplateText(secret)), "the original stays")
}
