// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Finalizer keeps an EndpointAPIKey until its keys are revoked in Cognigy.
const Finalizer = "cognigy-operator.io/revoke"

// InUseFinalizer keeps a connection and its credentials Secret while EndpointAPIKeys need them to revoke their keys.
const InUseFinalizer = "cognigy-operator.io/in-use"

// What the operator writes on a Secret that it delivers a key into. Together with the value they are the durable record
// of the delivery.
const (
	// SecretTypeLabel is on every Secret that the operator works with; it watches no other.
	SecretTypeLabel = "cognigy-operator.io/secret-type"
	// SecretTypeAPIKey marks a Secret that an Endpoint API key is delivered into.
	SecretTypeAPIKey = "endpoint-api-key"
	// SecretTypeCredentials marks a Secret that a connection takes its credentials from.
	SecretTypeCredentials = "credentials"

	// OwnerUIDAnnotation is the UID of the EndpointAPIKey that the Secret belongs to.
	OwnerUIDAnnotation = "cognigy-operator.io/owner-uid"
	// KeyIDAnnotation is the id of the key in Cognigy.
	KeyIDAnnotation = "cognigy-operator.io/key-id"
	// KeyPreviewAnnotation is the preview of the key as Cognigy shows it.
	KeyPreviewAnnotation = "cognigy-operator.io/key-preview"
	// EndpointIDAnnotation is the id of the Endpoint that the key opens.
	EndpointIDAnnotation = "cognigy-operator.io/endpoint-id"
	// IssuedAtAnnotation is when the operator began to issue the key: RFC 3339 with microseconds, by the operator's clock.
	IssuedAtAnnotation = "cognigy-operator.io/issued-at"
	// ChecksumAnnotation is a SHA-256 over the annotations above and the value, so that any edit is noticed.
	ChecksumAnnotation = "cognigy-operator.io/checksum"
)

// RequestedAtAnnotation asks for a look at Cognigy now instead of at the next interval. Its value is any string that
// differs from status.lastHandledReconcileAt. It never rotates a key. Flux sets it for `flux reconcile`.
const RequestedAtAnnotation = "reconcile.fluxcd.io/requestedAt"

// DeletionPolicy says what becomes of the key when its EndpointAPIKey is deleted.
// +kubebuilder:validation:Enum=Revoke;Retain
type DeletionPolicy string

const (
	// DeletionPolicyRevoke revokes every key of the resource in Cognigy and removes the Secret.
	DeletionPolicyRevoke DeletionPolicy = "Revoke"
	// DeletionPolicyRetain leaves the key and the Secret as they are. It works without Cognigy.
	DeletionPolicyRetain DeletionPolicy = "Retain"
)

// ConnectionKind is the kind of a connection.
// +kubebuilder:validation:Enum=CognigyConnection;ClusterCognigyConnection
type ConnectionKind string

const (
	// ConnectionKindNamespaced is a connection in the namespace of the resource that refers to it.
	ConnectionKindNamespaced ConnectionKind = "CognigyConnection"
	// ConnectionKindCluster is a connection that the resources of several namespaces may refer to.
	ConnectionKindCluster ConnectionKind = "ClusterCognigyConnection"
)

// ConnectionReference names the connection that a key is issued through. There is no namespace: a CognigyConnection is
// always looked up in the namespace of the resource that refers to it.
type ConnectionReference struct {
	// kind is CognigyConnection (in the same namespace) or ClusterCognigyConnection.
	// +kubebuilder:default=CognigyConnection
	// +optional
	Kind ConnectionKind `json:"kind,omitempty"`

	// name is the name of the connection.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="connectionRef.name is the name of a connection: lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit"
	// +required
	Name string `json:"name"`
}

// EndpointReference says which Cognigy Endpoint a key is for. Exactly one of its members is set.
// +kubebuilder:validation:XValidation:rule="[has(self.id)].exists_one(set, set)",message="say which Endpoint: set endpoint.id to its 24-character id"
type EndpointReference struct {
	// id is the id of the Endpoint: 24 characters, lower-case letters and digits. It stands in the Endpoint's address in
	// the Cognigy.AI interface.
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]{24}$')",message="an Endpoint id is 24 characters, each a lower-case letter or a digit; copy it from the Endpoint's address in Cognigy.AI"
	// +optional
	ID string `json:"id,omitempty"`
}

// SecretTarget describes the Secret that the key is delivered into.
type SecretTarget struct {
	// name is the name of the Secret; the name of the EndpointAPIKey if left out. It cannot be changed.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="a Secret's name is lower-case letters, digits, '-' and '.', and begins and ends with a letter or digit; leave secret.name out to use the name of the EndpointAPIKey"
	// +optional
	Name string `json:"name,omitempty"`

	// key is the data key that holds the plaintext of the API key.
	// +kubebuilder:default=api-key
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[-._a-zA-Z0-9]+$') && self != '.' && !self.startsWith('..')",message="a Secret's data key is made of letters, digits, '-', '_' and '.', is not '.' and does not begin with '..'; write for example api-key"
	// +optional
	Key string `json:"key,omitempty"`

	// labels are put on the Secret, beside the operator's own. Nothing else is copied there.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() <= 317 && k.indexOf('/') <= 253 && k.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[a-zA-Z0-9]([-_.a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$') && self[k].size() <= 63 && self[k].matches('^([a-zA-Z0-9]([-_.a-zA-Z0-9]*[a-zA-Z0-9])?)?$'))",message="labels take keys of the form [prefix/]name, where prefix is a DNS name, and name and values are at most 63 letters, digits, '-', '_' and '.' that begin and end with a letter or digit"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('cognigy-operator.io/'))",message="labels that begin with cognigy-operator.io/ are the operator's own; choose another prefix"
	// +optional
	Labels map[string]LabelValue `json:"labels,omitempty"`

	// annotations are put on the Secret, beside the operator's own. Nothing else is copied there.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() <= 317 && k.indexOf('/') <= 253 && k.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[a-zA-Z0-9]([-_.a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$'))",message="annotations take keys of the form [prefix/]name, where prefix is a DNS name, and name is at most 63 letters, digits, '-', '_' and '.' that begin and end with a letter or digit"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('cognigy-operator.io/'))",message="annotations that begin with cognigy-operator.io/ are the operator's own; choose another prefix"
	// +optional
	Annotations map[string]AnnotationValue `json:"annotations,omitempty"`
}

// LabelValue is the value of a label.
// +kubebuilder:validation:MaxLength=63
type LabelValue string

// AnnotationValue is the value of an annotation.
// +kubebuilder:validation:MaxLength=4096
type AnnotationValue string

// Rotation says when a key is replaced. The new key is delivered before the old one is revoked.
// +kubebuilder:validation:XValidation:rule="!has(self.every) || !has(self.overlap) || [self.every, self.overlap].exists(d, !d.matches('^([0-9]+([.][0-9]+)?(h|m|s|ms|us|µs|ns))+$')) || duration(self.overlap) <= duration(self.every)",message="overlap is longer than every, so that replaced keys would pile up; make overlap shorter or every longer"
type Rotation struct {
	// every is the age at which a key is replaced, at least an hour. Each key is replaced up to a tenth of that earlier, so
	// that keys made together are not replaced together.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]+)?(h|m|s|ms|us|µs|ns))+$') && duration(self) >= duration('1h')",message="every is at least 1h, in hours, minutes and seconds: each rotation mints a credential; write for example 720h"
	// +optional
	Every *metav1.Duration `json:"every,omitempty"`

	// overlap is how long replaced keys keep working, counted from the latest rotation. Zero, the default, revokes them as soon as the
	// new one is delivered.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]+)?(h|m|s|ms|us|µs|ns))+$') && duration(self) <= duration('8760h')",message="overlap is at most 8760h (a year), in hours, minutes and seconds: a replaced key that never ends is not replaced; write for example 24h"
	// +optional
	Overlap *metav1.Duration `json:"overlap,omitempty"`

	// Schemaless, and so without format: date-time, which would accept lower-case letters and offsets that Go cannot read, and
	// answer anything else without an example.

	// notBefore replaces a key that was issued before this instant, once the instant has come. Setting it to now rotates
	// the key once, declaratively.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$') && timestamp(self) >= timestamp('1970-01-01T00:00:00Z') && timestamp(self) < timestamp('9999-01-01T00:00:00Z')",message="notBefore is a date and time with its zone, between the years 1970 and 9998; write for example 2026-11-22T10:00:00Z"
	// +optional
	NotBefore *metav1.Time `json:"notBefore,omitempty"`
}

// EndpointAPIKeySpec is the wanted state of an API key of a Cognigy Endpoint.
// +kubebuilder:validation:XValidation:rule="self.connectionRef == oldSelf.connectionRef",message="connectionRef cannot be changed: the key lives behind the old connection; create a new EndpointAPIKey and delete this one"
// +kubebuilder:validation:XValidation:rule="self.endpoint == oldSelf.endpoint",message="endpoint cannot be changed: the key belongs to the old Endpoint; create a new EndpointAPIKey and delete this one"
type EndpointAPIKeySpec struct {
	// connectionRef names the connection to Cognigy. It cannot be changed.
	// +required
	ConnectionRef ConnectionReference `json:"connectionRef"`

	// endpoint is the Endpoint that the key is for. It cannot be changed.
	// +required
	Endpoint EndpointReference `json:"endpoint"`

	// displayName is what people see in Cognigy; `<namespace> <name>` if empty. The operator appends its marker to it.
	// Letters, digits, spaces and hyphens are safe; Cognigy may refuse others. A change takes effect with the next key.
	// +kubebuilder:validation:MaxLength=160
	// +optional
	DisplayName string `json:"displayName,omitempty"`

	// secret describes the Secret that the key is delivered into.
	// +kubebuilder:default={}
	// +optional
	Secret SecretTarget `json:"secret,omitempty"`

	// rotation says when the key is replaced; never, if empty.
	// +optional
	Rotation *Rotation `json:"rotation,omitempty"`

	// deletionPolicy is Revoke (the key is revoked and the Secret removed) or Retain (both stay).
	// +kubebuilder:default=Revoke
	// +optional
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// suspend stops issuing, healing, rotating and revoking until it is false again. Deletion still revokes.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// Issuance is an attempt to issue a key that has not been concluded.
type Issuance struct {
	// startedAt is when the attempt began, by the operator's clock, in microseconds.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$`
	// +required
	StartedAt metav1.MicroTime `json:"startedAt"`

	// deadline is when the operator gives the attempt up at the latest: startedAt plus the connection's requestTimeout and
	// deliveryTimeout of that moment. The operator does not conclude earlier that the attempt failed, even if the timeouts were
	// shortened since.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$`
	// +optional
	Deadline *metav1.MicroTime `json:"deadline,omitempty"`
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

	// revokeAt is when the key will be revoked.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +required
	RevokeAt metav1.Time `json:"revokeAt"`
}

// EndpointAPIKeyStatus is a report. It is rebuilt from the spec, the Secret and Cognigy; nothing is decided on it but that
// an attempt to issue a key is under way.
type EndpointAPIKeyStatus struct {
	// observedGeneration is the generation that the status speaks of; -1 before the first look.
	// +kubebuilder:default=-1
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// endpointID is the id of the Endpoint that the key opens.
	// +kubebuilder:validation:MaxLength=24
	// +optional
	EndpointID string `json:"endpointID,omitempty"`

	// keyID is the id of the delivered key in Cognigy.
	// +kubebuilder:validation:MaxLength=24
	// +optional
	KeyID string `json:"keyID,omitempty"`

	// keyPreview is the first and the last characters of the delivered key, as Cognigy shows them.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	KeyPreview string `json:"keyPreview,omitempty"`

	// issuedAt is when the latest key that was delivered was issued, by the operator's clock.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +optional
	IssuedAt *metav1.Time `json:"issuedAt,omitempty"`

	// rotatesAt is when the delivered key will be replaced.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`
	// +optional
	RotatesAt *metav1.Time `json:"rotatesAt,omitempty"`

	// secretName is the Secret that holds the delivered key.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	SecretName string `json:"secretName,omitempty"`

	// issuance is present only while a key is being issued, or while it is not known whether an attempt made one.
	// +optional
	Issuance *Issuance `json:"issuance,omitempty"`

	// retiring lists the replaced keys that still work.
	// +listType=map
	// +listMapKey=keyID
	// +kubebuilder:validation:MaxItems=100
	// +optional
	Retiring []RetiringKey `json:"retiring,omitempty"`

	// lastHandledReconcileAt is the value of the annotation reconcile.fluxcd.io/requestedAt that was acted on last.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	LastHandledReconcileAt string `json:"lastHandledReconcileAt,omitempty"`

	// conditions are Ready, and while they are true Reconciling and Stalled.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.lastTransitionTime >= timestamp('1970-01-01T00:00:00Z') && c.lastTransitionTime < timestamp('9999-01-01T00:00:00Z'))",message="lastTransitionTime is a date and time with its zone; write for example 2026-11-22T10:00:00Z"
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// EndpointAPIKey is an API key of a Cognigy.AI Endpoint, delivered into a Secret.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
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
	name := k.Spec.Secret.Name
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
	return k.Spec.Secret.Key
}

// EndpointAPIKeyList is a list of EndpointAPIKeys.
// +kubebuilder:object:root=true
type EndpointAPIKeyList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []EndpointAPIKey `json:"items"`
}
