// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

const (
	policyFile = "../../config/admission/connection_policy.yaml"
	// guarded is the only namespace for which the test puts the policy into force. Other tests make connections elsewhere.
	guarded = "guarded-by-policy"

	otherHost   = "which the administrators of this cluster do not permit"
	otherSecret = "has to begin with cognigy-credentials"
)

func connectionTo(baseURL string, secret v1alpha1.ObjectName) *v1alpha1.CognigyConnection {
	return &v1alpha1.CognigyConnection{
		ObjectMeta: metav1.ObjectMeta{Namespace: guarded, Name: newName()},
		Spec: v1alpha1.ConnectionSpec{
			BaseURL: baseURL, Auth: v1alpha1.Auth{APIKey: &v1alpha1.APIKeyAuth{SecretRef: v1alpha1.SecretKeyReference{Name: secret}}},
		},
	}
}

// applyPolicy puts the optional policy into force, and returns when it is.
func applyPolicy(t *testing.T) {
	t.Helper()
	g := NewWithT(t)
	objects, err := installation.Read(policyFile)
	g.Expect(err).NotTo(HaveOccurred())
	for _, object := range objects {
		if object.GetKind() == "ValidatingAdmissionPolicyBinding" {
			labels := map[string]any{corev1.LabelMetadataName: guarded}
			g.Expect(unstructured.SetNestedMap(object.Object, labels, "spec", "matchResources", "namespaceSelector", "matchLabels")).To(Succeed())
		}
		g.Expect(typed.Create(t.Context(), object)).To(Succeed())
	}
	g.Eventually(func() error {
		return typed.Create(t.Context(), connectionTo("https://evil.example", "cognigy-credentials"), client.DryRunAll)
	}).WithTimeout(30 * time.Second).Should(MatchError(ContainSubstring(otherHost)))
}

func TestConnectionPolicy(t *testing.T) {
	g := NewWithT(t)
	g.Expect(typed.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: guarded}})).To(Succeed())
	older := connectionTo("https://evil.example", "database")
	g.Expect(typed.Create(t.Context(), older)).To(Succeed())
	applyPolicy(t)

	cases := []struct {
		why, baseURL string
		secret       v1alpha1.ObjectName
		refused      string
	}{
		{"what is listed", "https://api-trial.cognigy.ai", "cognigy-credentials", ""},
		{"with a path, and credentials of several users", "https://api-trial.cognigy.ai/new/v2.0", "cognigy-credentials-crm", ""},
		{"another host", "https://api-app.cognigy.ai", "cognigy-credentials", otherHost},
		{"another port", "https://api-trial.cognigy.ai:8443", "cognigy-credentials", otherHost},
		{"a host whose name goes on", "https://api-trial.cognigy.ai.evil.example", "cognigy-credentials", otherHost},
		{"the host in a path", "https://evil.example/api-trial.cognigy.ai", "cognigy-credentials", otherHost},
		{"another Secret of the namespace", "https://api-trial.cognigy.ai", "database", otherSecret},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			err := typed.Create(t.Context(), connectionTo(c.baseURL, c.secret))
			if c.refused == "" {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(err).To(MatchError(ContainSubstring(c.refused)))
		})
	}

	for why, auth := range map[string]v1alpha1.Auth{
		"super API keys": {SuperAPIKey: &v1alpha1.SuperAPIKeyAuth{OrganisationID: organisation, SecretRef: v1alpha1.BasicSecretReference{Name: "database"}}},
		"OAuth 2.0":      {OAuth2: &v1alpha1.OAuth2Auth{SecretRef: v1alpha1.OAuth2SecretReference{Name: "database"}}},
		"Basic":          {Basic: &v1alpha1.BasicAuth{SecretRef: v1alpha1.BasicSecretReference{Name: "database"}}},
	} {
		t.Run("another Secret, for "+why, func(t *testing.T) {
			g := NewWithT(t)
			connection := connectionTo("https://api-trial.cognigy.ai", "")
			connection.Spec.Auth = auth
			g.Expect(typed.Create(t.Context(), connection)).To(MatchError(ContainSubstring(otherSecret)))
			switch {
			case auth.SuperAPIKey != nil:
				auth.SuperAPIKey.SecretRef.Name = "cognigy-credentials"
			case auth.OAuth2 != nil:
				auth.OAuth2.SecretRef.Name = "cognigy-credentials"
			case auth.Basic != nil:
				auth.Basic.SecretRef.Name = "cognigy-credentials"
			}
			g.Expect(typed.Create(t.Context(), connection)).To(Succeed())
		})
	}

	t.Run("a connection that is older than the policy keeps its finalizers, and its spec, and can be deleted", func(t *testing.T) {
		g := NewWithT(t)
		older.Finalizers = []string{v1alpha1.InUseFinalizer}
		g.Expect(typed.Update(t.Context(), older)).To(Succeed())
		changed := older.DeepCopy()
		changed.Spec.Auth.APIKey.SecretRef.Name = "cognigy-credentials"
		g.Expect(typed.Update(t.Context(), changed)).To(MatchError(ContainSubstring(otherHost)))
		g.Expect(typed.Delete(t.Context(), older)).To(Succeed())
		g.Expect(typed.Get(t.Context(), client.ObjectKeyFromObject(older), older)).To(Succeed())
		older.Finalizers = nil
		g.Expect(typed.Update(t.Context(), older)).To(Succeed())
		g.Expect(apierrors.IsNotFound(typed.Get(t.Context(), client.ObjectKeyFromObject(older), older))).To(BeTrue())
	})

	t.Run("what is changed to another Secret", func(t *testing.T) {
		g := NewWithT(t)
		connection := connectionTo("https://api-trial.cognigy.ai", "cognigy-credentials")
		g.Expect(typed.Create(t.Context(), connection)).To(Succeed())
		connection.Spec.Auth.APIKey.SecretRef.Name = "database"
		g.Expect(typed.Update(t.Context(), connection)).To(MatchError(ContainSubstring(otherSecret)))
	})
}
