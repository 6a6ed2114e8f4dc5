// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ObjectName is the name of a Kubernetes object.
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="a name has lower-case letters, digits, '-' and '.', and begins and ends with a letter or digit"
type ObjectName string

// DataKey is a key in the data of a Secret.
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule="self.matches('^[-._a-zA-Z0-9]+$') && self != '.' && !self.startsWith('..')",message="a Secret's data key has letters, digits, '-', '_' and '.', is not '.' and does not begin with '..'; write for example api-key"
type DataKey string

// EndpointID is the id of a Cognigy Endpoint.
// +kubebuilder:validation:MaxLength=24
// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]{24}$')",message="an Endpoint id is 24 characters, each a lower-case letter or a digit; copy it from the Endpoint's address in Cognigy.AI"
type EndpointID string

// ProjectID is the id of a Cognigy project.
// +kubebuilder:validation:MaxLength=24
// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]{24}$')",message="a project id is 24 characters, each a lower-case letter or a digit; copy it from the project's address in Cognigy.AI"
type ProjectID string

// Timeout is a duration from 1s to 5m.
// +kubebuilder:validation:Type=string
// +kubebuilder:validation:MaxLength=32
// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]+)?(h|m|s|ms|us|µs|ns))+$') && duration(self) >= duration('1s') && duration(self) <= duration('5m')",message="a timeout is between 1s and 5m, in minutes and seconds; write for example 30s"
type Timeout struct {
	metav1.Duration `json:",inline"`
}

// LabelValue is the value of a label.
// +kubebuilder:validation:MaxLength=63
type LabelValue string

// AnnotationValue is the value of an annotation.
// +kubebuilder:validation:MaxLength=4096
type AnnotationValue string

// OrganisationID is the id of an organisation of a Cognigy installation.
// +kubebuilder:validation:MaxLength=24
// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]{24}$')",message="an organisation id is 24 characters, each a lower-case letter or a digit; copy it from Cognigy's Management UI"
type OrganisationID string

// Lifetime is a duration from 1m to 24h.
// +kubebuilder:validation:Type=string
// +kubebuilder:validation:MaxLength=32
// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]+)?(h|m|s|ms|us|µs|ns))+$') && duration(self) >= duration('1m') && duration(self) <= duration('24h')",message="a lifetime is between 1m and 24h, in hours, minutes and seconds; write for example 15m"
type Lifetime struct {
	metav1.Duration `json:",inline"`
}

// Scope is a scope of OAuth 2.0 (RFC 6749, section 3.3).
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=256
// +kubebuilder:validation:XValidation:rule="self.matches('^[!#-\\\\[\\\\]-~]+$')",message="a scope has printable characters, but no space, quotation mark or backslash; write several scopes as a list"
type Scope string

// ServerName is a DNS name or an IP address.
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?([.][A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*$') || isIP(self)",message="serverName is the name or the IP address in the server's certificate, without a scheme or a port; write for example cognigy.example.com"
type ServerName string
