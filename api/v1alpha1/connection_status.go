// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ConnectionStatus is what the operator reports on a connection.
type ConnectionStatus struct {
	// observedGeneration is the generation that the status is about; -1 before the first probe.
	// +kubebuilder:default=-1
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// lastHandledReconcileAt is the latest value of the annotation reconcile.fluxcd.io/requestedAt that the operator handled.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	LastHandledReconcileAt string `json:"lastHandledReconcileAt,omitempty"`

	// orphanScan is the latest complete scan for orphans. It is absent before the first, and with orphanPolicy: Ignore.
	// +optional
	OrphanScan *OrphanScan `json:"orphanScan,omitempty"`

	// lastHandledRevokeOrphans is the latest value of the annotation cognigy-operator.io/revoke-orphans that the operator handled: it tries no more to
	// revoke keys on account of it.
	// +kubebuilder:validation:MaxLength=2048
	// +optional
	LastHandledRevokeOrphans string `json:"lastHandledRevokeOrphans,omitempty"`

	// orphanRevocations say what became of the keys that the annotation cognigy-operator.io/revoke-orphans names.
	// +listType=map
	// +listMapKey=keyID
	// +kubebuilder:validation:MaxItems=50
	// +optional
	OrphanRevocations []OrphanRevocation `json:"orphanRevocations,omitempty"`

	// superKeyMintedAt is when the operator last asked Cognigy for a super API key, by its own clock, in microseconds: it writes this
	// before each such request, so that they are a minute apart, also across restarts.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$`
	// +optional
	SuperKeyMintedAt *metav1.MicroTime `json:"superKeyMintedAt,omitempty"`

	// conditions are Ready, and while they are true Reconciling, Stalled, InUse (the connection is being deleted, but EndpointAPIKeys
	// still need it) and CredentialsInUse (the same of its credentials Secret).
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.lastTransitionTime >= timestamp('1970-01-01T00:00:00Z') && c.lastTransitionTime < timestamp('9999-01-01T00:00:00Z'))",message="lastTransitionTime is a date and time with its zone; write for example 2026-11-22T10:00:00Z"
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// MaxIdentityHashes is how many hashes of identities the operator reports.
const MaxIdentityHashes = 10

// OrphanScan is a scan of Cognigy for keys with this cluster's marker whose EndpointAPIKey does not exist, and for keys that
// EndpointAPIKeys of the connection have under other identities of their cluster.
type OrphanScan struct {
	// count is how many orphans the scan found and left, 1000 at most.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	// +required
	Count int32 `json:"count"`

	// otherIdentityCount is how many keys the scan found that were issued for EndpointAPIKeys which refer to this connection, but under
	// a cluster identity that the operator does not have now, 1000 at most. If --cluster-id changed, they are what the earlier identity
	// left behind: name it in --former-cluster-ids, so that the operator manages them again, or revoke them in Cognigy once nothing uses
	// them. If another cluster is a copy of this one, or this one of it, they may be that cluster's, and in use. So the operator never
	// revokes them, whatever orphanPolicy is.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	// +optional
	OtherIdentityCount int32 `json:"otherIdentityCount,omitempty"`

	// otherIdentityHashes tell the identities of these keys, ten at most. The hash of an identity is the first ten digits that
	// `printf %s "$identity" | sha256sum` prints; an identity is what --cluster-id was, or the UID of the namespace kube-system.
	// +listType=set
	// +kubebuilder:validation:MaxItems=10
	// +kubebuilder:validation:items:MaxLength=10
	// +kubebuilder:validation:items:Pattern=`^[0-9a-f]{10}$`
	// +optional
	OtherIdentityHashes []string `json:"otherIdentityHashes,omitempty"`

	// time is when the scan ended, by the operator's clock.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +required
	Time metav1.Time `json:"time"`
}

// OrphanRevocation says what became of a key that a person wants revoked.
type OrphanRevocation struct {
	// keyID is the id that the annotation names.
	// +kubebuilder:validation:MaxLength=64
	// +required
	KeyID string `json:"keyID"`

	// result is Revoked, NotRevoked, or Pending while the operator goes on to try.
	// +required
	Result RevocationResult `json:"result"`

	// message says why the key is not revoked, or not yet.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Message string `json:"message,omitempty"`
}

// RevocationResult says whether a key is revoked.
// +kubebuilder:validation:Enum=Revoked;NotRevoked;Pending
type RevocationResult string

const (
	// RevocationDone says that the operator revoked the key.
	RevocationDone RevocationResult = "Revoked"
	// RevocationDenied says that the operator does not revoke the key.
	RevocationDenied RevocationResult = "NotRevoked"
	// RevocationPending says that the operator does not know yet whether it may revoke the key, or tries again to.
	RevocationPending RevocationResult = "Pending"
)
