// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Connection is either kind of connection.
// +kubebuilder:object:generate=false
type Connection interface {
	client.Object
	// GetConnectionSpec returns what both kinds share.
	GetConnectionSpec() *ConnectionSpec
	// GetConnectionStatus returns the status, to be read or changed.
	GetConnectionStatus() *ConnectionStatus
}

// CognigyConnection is a connection to a Cognigy.AI installation for the EndpointAPIKeys of its namespace.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=cogconn,categories=cognigy
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="URL",type=string,priority=1,JSONPath=`.spec.baseURL`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type CognigyConnection struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec says how to reach Cognigy.
	// +required
	Spec ConnectionSpec `json:"spec"`

	// status is what the operator reports.
	// +kubebuilder:default={observedGeneration:-1}
	// +optional
	Status ConnectionStatus `json:"status,omitempty"`
}

// GetConnectionSpec implements Connection.
func (c *CognigyConnection) GetConnectionSpec() *ConnectionSpec { return &c.Spec }

// GetConnectionStatus implements Connection.
func (c *CognigyConnection) GetConnectionStatus() *ConnectionStatus { return &c.Status }

// CognigyConnectionList is a list of CognigyConnections.
// +kubebuilder:object:root=true
type CognigyConnectionList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []CognigyConnection `json:"items"`
}

// ClusterCognigyConnectionSpec says how to reach a Cognigy.AI installation, which namespaces may, and for which Endpoints.
type ClusterCognigyConnectionSpec struct {
	ConnectionSpec `json:",inline"`

	// allowedNamespaces says which namespaces' EndpointAPIKeys may use this connection.
	// +required
	AllowedNamespaces AllowedNamespaces `json:"allowedNamespaces"`

	// grants say which Endpoints the allowed namespaces may have keys for: those that a grant for the namespace names, and no others.
	// Without grants, every allowed namespace may have keys for every Endpoint that the connection's user sees in Cognigy. What is
	// no longer granted gets no new key; its keys are still revoked.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=100
	// +listType=atomic
	// +optional
	Grants []Grant `json:"grants,omitempty"`
}

// ClusterCognigyConnection is a connection to a Cognigy.AI installation for the EndpointAPIKeys of several namespaces.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=ccogconn,categories=cognigy
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="URL",type=string,priority=1,JSONPath=`.spec.baseURL`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type ClusterCognigyConnection struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec says how to reach Cognigy, which namespaces may, and for which Endpoints.
	// +required
	Spec ClusterCognigyConnectionSpec `json:"spec"`

	// status is what the operator reports.
	// +kubebuilder:default={observedGeneration:-1}
	// +optional
	Status ConnectionStatus `json:"status,omitempty"`
}

// GetConnectionSpec implements Connection.
func (c *ClusterCognigyConnection) GetConnectionSpec() *ConnectionSpec { return &c.Spec.ConnectionSpec }

// GetConnectionStatus implements Connection.
func (c *ClusterCognigyConnection) GetConnectionStatus() *ConnectionStatus { return &c.Status }

// ClusterCognigyConnectionList is a list of ClusterCognigyConnections.
// +kubebuilder:object:root=true
type ClusterCognigyConnectionList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ClusterCognigyConnection `json:"items"`
}
