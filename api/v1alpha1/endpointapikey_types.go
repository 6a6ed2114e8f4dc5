// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// EndpointAPIKey is an API key of a Cognigy.AI Endpoint, delivered into a Secret.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:metadata:labels="servicebinding.io/provisioned-service=true"
// +kubebuilder:resource:shortName=eak,categories=cognigy
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Preview",type=string,JSONPath=`.status.keyPreview`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Secret",type=string,priority=1,JSONPath=`.status.secretName`
// +kubebuilder:printcolumn:name="Endpoint",type=string,priority=1,JSONPath=`.status.endpointID`
// +kubebuilder:printcolumn:name="Key",type=string,priority=1,JSONPath=`.status.keyID`
// +kubebuilder:printcolumn:name="Rotates",type=string,priority=1,JSONPath=`.status.rotatesAt`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:validation:XValidation:rule="(has(self.spec.secret) && has(self.spec.secret.name) ? self.spec.secret.name : self.metadata.name) == (has(oldSelf.spec.secret) && has(oldSelf.spec.secret.name) ? oldSelf.spec.secret.name : oldSelf.metadata.name)",message="secret.name cannot be changed: workloads read the key from the old Secret; create a new EndpointAPIKey and delete this one"
type EndpointAPIKey struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the wanted state.
	// +required
	Spec EndpointAPIKeySpec `json:"spec"`

	// status is what the operator reports.
	// +kubebuilder:default={observedGeneration:-1}
	// +optional
	Status EndpointAPIKeyStatus `json:"status,omitempty"`
}

// SecretName is the name of the Secret that the key is delivered into.
func (k *EndpointAPIKey) SecretName() types.NamespacedName {
	name := string(k.Spec.Secret.Name)
	if name == "" {
		name = k.Name
	}
	return types.NamespacedName{Namespace: k.Namespace, Name: name}
}

// SecretKey is the data key of the plaintext in the Secret.
func (k *EndpointAPIKey) SecretKey() string {
	if k.Spec.Secret.Key == "" {
		return "api-key"
	}
	return string(k.Spec.Secret.Key)
}

// SecretType is the type of the Secret.
func (k *EndpointAPIKey) SecretType() corev1.SecretType {
	return cmp.Or(corev1.SecretType(k.Spec.Secret.Type), corev1.SecretTypeOpaque)
}

// EndpointAPIKeyList is a list of EndpointAPIKeys.
// +kubebuilder:object:root=true
type EndpointAPIKeyList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []EndpointAPIKey `json:"items"`
}
