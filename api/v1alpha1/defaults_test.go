// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// The defaults are part of the API: users rely on them without writing them down.
func TestDefaultsOfEndpointAPIKey(t *testing.T) {
	g := NewWithT(t)
	name := newName()
	// Not through the Go type, which would write an empty secret out.
	_, err := keys.create(t, keys.manifest(t, name, nil))
	g.Expect(err).NotTo(HaveOccurred())
	key := keys.get(t, name).(*v1alpha1.EndpointAPIKey)
	g.Expect(key.Spec).To(Equal(v1alpha1.EndpointAPIKeySpec{
		ConnectionRef:  v1alpha1.ConnectionReference{Kind: v1alpha1.ConnectionKindNamespaced, Name: "production"},
		Endpoint:       v1alpha1.EndpointReference{ID: "64f0c0ffee0123456789abcd"},
		Secret:         v1alpha1.SecretTarget{Key: "api-key"},
		DeletionPolicy: v1alpha1.DeletionPolicyRevoke,
	}), "and nothing else: what is not defaulted does not drift in Argo CD")
	g.Expect(key.Status).To(Equal(v1alpha1.EndpointAPIKeyStatus{ObservedGeneration: -1}))
	g.Expect(key.SecretName().Name).To(Equal(key.Name))
}

func TestDefaultsOfConnections(t *testing.T) {
	for _, k := range connectionKinds {
		t.Run(k.kind, func(t *testing.T) {
			g := NewWithT(t)
			name := newName()
			_, err := k.create(t, k.manifest(t, name, nil))
			g.Expect(err).NotTo(HaveOccurred())
			connection := k.get(t, name).(v1alpha1.Connection)
			g.Expect(*connection.GetConnectionSpec()).To(Equal(v1alpha1.ConnectionSpec{
				BaseURL: "https://api-trial.cognigy.ai",
				Auth: v1alpha1.Auth{APIKey: &v1alpha1.APIKeyAuth{
					SecretRef: v1alpha1.SecretKeyReference{Name: "credentials", Key: "api-key"},
				}},
				RequestTimeout:  &v1alpha1.Timeout{Duration: metav1.Duration{Duration: 30 * time.Second}},
				DeliveryTimeout: &v1alpha1.Timeout{Duration: metav1.Duration{Duration: 30 * time.Second}},
				OrphanPolicy:    v1alpha1.OrphanPolicyReport,
			}))
			request, delivery := (&v1alpha1.ConnectionSpec{}).Timeouts()
			g.Expect([]time.Duration{request, delivery}).To(HaveEach(30*time.Second), "the defaults of the Go type and of the CRD are the same")
			g.Expect(*connection.GetConnectionStatus()).To(Equal(v1alpha1.ConnectionStatus{ObservedGeneration: -1}))
		})
	}
}

// Velero drops status, and people empty it; neither may look like "observed".
func TestObservedGenerationIsDefaultedAgain(t *testing.T) {
	for _, k := range kinds {
		for why, status := range map[string]any{"emptied": map[string]any{}, "null": nil, "dropped": absent{}} {
			t.Run(k.kind+"/"+why, func(t *testing.T) {
				g := NewWithT(t)
				updated, err := writeStatus(t, k, fields{"status": status})
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(updated.Object).To(HaveKeyWithValue("status", Equal(map[string]any{"observedGeneration": int64(-1)})))
			})
		}
	}
}
