// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Issuance is a pending attempt to issue a key.
type Issuance struct {
	// startedAt is when the attempt began, by the operator's clock, in microseconds.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$`
	// +required
	StartedAt metav1.MicroTime `json:"startedAt"`

	// endpointID is the id of the Endpoint that the attempt makes a key for.
	// +kubebuilder:validation:MaxLength=24
	// +optional
	EndpointID string `json:"endpointID,omitempty"`

	// deadline is when the operator gives the attempt up: startedAt plus the connection's requestTimeout and deliveryTimeout of
	// that moment. Even if someone shortened the timeouts since, the operator does not conclude earlier that the attempt failed.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$`
	// +optional
	Deadline *metav1.MicroTime `json:"deadline,omitempty"`

	// secretVersion is the resourceVersion of the Secret before the attempt, "0" if there was none. While the Secret is still as it
	// was, the attempt delivered nothing.
	// +kubebuilder:validation:MaxLength=128
	// +optional
	SecretVersion string `json:"secretVersion,omitempty"`
}

// RetiringKey is a replaced key that still works.
type RetiringKey struct {
	// keyID is the id of the key in Cognigy.
	// +kubebuilder:validation:MaxLength=24
	// +required
	KeyID string `json:"keyID"`

	// keyPreview is the first and the last characters of the key.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	KeyPreview string `json:"keyPreview,omitempty"`

	// replacedAt is when another key replaced this one.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +required
	ReplacedAt metav1.Time `json:"replacedAt"`

	// revokeAt is when the operator will revoke the key: one overlap after replacedAt, or, while workloads of rolloutRestartTargets have
	// not restarted with the new key, one maxOverlap after it.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +required
	RevokeAt metav1.Time `json:"revokeAt"`
}

// ServiceBinding refers to the Secret of a Provisioned Service.
type ServiceBinding struct {
	// name is the name of the Secret, in the namespace of the resource.
	// +kubebuilder:validation:MaxLength=253
	// +required
	Name string `json:"name"`
}

// EndpointAPIKeyStatus is a report that the operator computes from the spec, the Secret and Cognigy. Only issuance decides what it does;
// beyond that, the status can keep it from revoking a key too early where the record in the Secret is missing or was put back.
type EndpointAPIKeyStatus struct {
	// observedGeneration is the generation that the status is about; -1 before the first reconcile.
	// +kubebuilder:default=-1
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// endpointID is the id of the Endpoint that the key opens, once the connection allows the namespace. It stays when the permission
	// is withdrawn: keys may have been issued. Of a resource that names its Endpoint, it says which one that is; the Secret's record
	// and issuance are believed first.
	// +kubebuilder:validation:MaxLength=24
	// +optional
	EndpointID string `json:"endpointID,omitempty"`

	// keyID is the id in Cognigy of the key that was delivered last. Ready says whether the Secret holds it.
	// +kubebuilder:validation:MaxLength=24
	// +optional
	KeyID string `json:"keyID,omitempty"`

	// keyPreview is the first and the last characters of that key, as Cognigy shows them.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	KeyPreview string `json:"keyPreview,omitempty"`

	// issuedAt is when the latest key that was delivered was issued, by the operator's clock.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +optional
	IssuedAt *metav1.Time `json:"issuedAt,omitempty"`

	// rotatesAt is when the operator will replace the delivered key.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +optional
	RotatesAt *metav1.Time `json:"rotatesAt,omitempty"`

	// secretName is the Secret that holds the delivered key.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	SecretName string `json:"secretName,omitempty"`

	// binding names that Secret for controllers of service bindings, once a key was delivered: by it, the resource is a Provisioned Service
	// as https://servicebinding.io specifies it.
	// +optional
	Binding *ServiceBinding `json:"binding,omitempty"`

	// issuance is present while an attempt is pending.
	// +optional
	Issuance *Issuance `json:"issuance,omitempty"`

	// unsettledUntil is until when Cognigy may make a key of which nothing else tells: on an attempt that it refused, since something in
	// front of it may refuse after the effect, or on one that someone cleared from this status. A deletion waits until then.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$`
	// +optional
	UnsettledUntil *metav1.MicroTime `json:"unsettledUntil,omitempty"`

	// formerOwnerUIDs are the UIDs of the EndpointAPIKeys for which keys were issued that this resource took over with its Secret, from a
	// backup or from a resource with deletionPolicy Retain.
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=64
	// +optional
	FormerOwnerUIDs []string `json:"formerOwnerUIDs,omitempty"`

	// retiring lists the replaced keys that still work.
	// +listType=map
	// +listMapKey=keyID
	// +kubebuilder:validation:MaxItems=100
	// +optional
	Retiring []RetiringKey `json:"retiring,omitempty"`

	// lastHandledReconcileAt is the latest value of the annotation reconcile.fluxcd.io/requestedAt that the operator handled.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	LastHandledReconcileAt string `json:"lastHandledReconcileAt,omitempty"`

	// lastHandledRotateAt is the latest value of the annotation cognigy-operator.io/rotate-requested-at that the operator handled: the
	// delivered key is not older than it asks for.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	LastHandledRotateAt string `json:"lastHandledRotateAt,omitempty"`

	// conditions are Ready, and while they are true Reconciling, Stalled, RenewalBlocked, RolloutPending and EndpointChanged.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.lastTransitionTime >= timestamp('1970-01-01T00:00:00Z') && c.lastTransitionTime < timestamp('9999-01-01T00:00:00Z'))",message="lastTransitionTime is a date and time with its zone; write for example 2026-11-22T10:00:00Z"
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}
