// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// DeletionPolicy says what becomes of the key when its EndpointAPIKey is deleted.
// +kubebuilder:validation:Enum=Revoke;Retain
type DeletionPolicy string

const (
	// DeletionPolicyRevoke revokes every key of the resource in Cognigy and deletes the Secret.
	DeletionPolicyRevoke DeletionPolicy = "Revoke"
	// DeletionPolicyRetain leaves the Secret and its key as they are. Other keys of the resource are revoked if Cognigy answers within a
	// minute, else events name them.
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

// ConnectionReference names the connection through which the operator issues a key. It has no namespace: a CognigyConnection is
// always in the namespace of the resource that refers to it.
type ConnectionReference struct {
	// kind is CognigyConnection (in the same namespace) or ClusterCognigyConnection.
	// +kubebuilder:default=CognigyConnection
	// +optional
	Kind ConnectionKind `json:"kind,omitempty"`

	// name is the name of the connection.
	// +required
	Name ObjectName `json:"name"`
}

// EndpointReference says which Cognigy Endpoint a key is for: by its id, or by its project and its name there.
// +kubebuilder:validation:XValidation:rule="has(self.id) ? !has(self.projectID) && !has(self.name) : has(self.projectID) && has(self.name)",message="say which Endpoint: set endpoint.id to its 24-character id, or else both endpoint.projectID and endpoint.name"
type EndpointReference struct {
	// id is the id of the Endpoint: 24 characters, lower-case letters and digits. It stands in the Endpoint's address in
	// the Cognigy.AI interface.
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]{24}$')",message="an Endpoint id is 24 characters, each a lower-case letter or a digit; copy it from the Endpoint's address in Cognigy.AI"
	// +optional
	ID string `json:"id,omitempty"`

	// projectID is the id of the project that the Endpoint is in: 24 characters, lower-case letters and digits. It stands in the
	// project's address in the Cognigy.AI interface.
	// +optional
	ProjectID ProjectID `json:"projectID,omitempty"`

	// name is the Endpoint's name, exactly as Cognigy shows it, in upper and lower case. Exactly one Endpoint of the project must have
	// it. The operator finds that Endpoint once, before the first key, and status.endpointID names it from then on: the resource
	// stays with it when Endpoints are renamed or created anew, and its condition EndpointChanged says what the name means then.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=200
	// +optional
	Name string `json:"name,omitempty"`
}

// ByName reports whether the reference names the Endpoint, whose id is to be found.
func (r EndpointReference) ByName() bool { return r.ID == "" }

// SecretTarget describes the Secret that the key is delivered into.
// +kubebuilder:validation:XValidation:rule="!has(self.template) || !has(self.template.data) || !((has(self.key) ? self.key : 'api-key') in self.template.data)",message="template.data has a template for secret.key, which holds the plaintext as it is; choose another data key for one of the two"
type SecretTarget struct {
	// name is the name of the Secret; the name of the EndpointAPIKey if left out. It cannot be changed.
	// +optional
	Name ObjectName `json:"name,omitempty"`

	// key is the data key that holds the plaintext of the API key.
	// +kubebuilder:default=api-key
	// +optional
	Key DataKey `json:"key,omitempty"`

	// labels are labels of the Secret, beside the operator's own. The operator copies no others there.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() <= 317 && k.indexOf('/') <= 253 && k.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[a-zA-Z0-9]([-_.a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$') && self[k].size() <= 63 && self[k].matches('^([a-zA-Z0-9]([-_.a-zA-Z0-9]*[a-zA-Z0-9])?)?$'))",message="labels take keys of the form [prefix/]name, where prefix is a DNS name, and name and values are at most 63 letters, digits, '-', '_' and '.' that begin and end with a letter or digit"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('cognigy-operator.io/'))",message="labels that begin with cognigy-operator.io/ are the operator's own; choose another prefix"
	// +optional
	Labels map[string]LabelValue `json:"labels,omitempty"`

	// annotations are annotations of the Secret, beside the operator's own. The operator copies no others there.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() <= 317 && k.indexOf('/') <= 253 && k.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[a-zA-Z0-9]([-_.a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$'))",message="annotations take keys of the form [prefix/]name, where prefix is a DNS name, and name is at most 63 letters, digits, '-', '_' and '.' that begin and end with a letter or digit"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('cognigy-operator.io/'))",message="annotations that begin with cognigy-operator.io/ are the operator's own; choose another prefix"
	// +optional
	Annotations map[string]AnnotationValue `json:"annotations,omitempty"`

	// type is the type of the Secret, for workloads that need another one than Opaque. With some types, Kubernetes requires certain data
	// keys, such as password with kubernetes.io/basic-auth. It cannot be changed.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="!(self in ['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token'])",message="Kubernetes takes Secrets of this type for credentials of its own; choose another secret.type"
	// +optional
	Type string `json:"type,omitempty"`

	// template makes more data of the Secret: an .env file, a JSON document, a header file.
	// +optional
	Template *SecretTemplate `json:"template,omitempty"`
}

// EndpointAPIKeySpec is the wanted state of an API key of a Cognigy Endpoint.
// +kubebuilder:validation:XValidation:rule="(has(self.secret) && has(self.secret.type) ? self.secret.type : 'Opaque') == (has(oldSelf.secret) && has(oldSelf.secret.type) ? oldSelf.secret.type : 'Opaque')",message="secret.type cannot be changed, since Kubernetes lets no Secret change its type; create a new EndpointAPIKey and delete this one"
// +kubebuilder:validation:XValidation:rule="self.connectionRef == oldSelf.connectionRef",message="connectionRef cannot be changed: the key lives behind the old connection; create a new EndpointAPIKey and delete this one"
// +kubebuilder:validation:XValidation:rule="self.endpoint == oldSelf.endpoint",message="endpoint cannot be changed: the key belongs to the old Endpoint; create a new EndpointAPIKey and delete this one"
type EndpointAPIKeySpec struct {
	// connectionRef names the connection to Cognigy. It cannot be changed.
	// +required
	ConnectionRef ConnectionReference `json:"connectionRef"`

	// endpoint is the Endpoint that the key is for. It cannot be changed.
	// +required
	Endpoint EndpointReference `json:"endpoint"`

	// displayName begins the key's name in Cognigy; `<namespace> <name>` if empty. The operator appends the time of the attempt and
	// its marker. Letters, digits, spaces and hyphens are safe; Cognigy may reject others. A change takes effect with the next key.
	// +kubebuilder:validation:MaxLength=112
	// +optional
	DisplayName string `json:"displayName,omitempty"`

	// secret describes the Secret that the key is delivered into.
	// +kubebuilder:default={}
	// +optional
	Secret SecretTarget `json:"secret,omitempty"`

	// rotation says when the operator replaces the key, never, if empty; and how long a replaced key works.
	// +optional
	Rotation *Rotation `json:"rotation,omitempty"`

	// rolloutRestartTargets are workloads of the same namespace that the operator restarts once for each key that replaces another, by
	// an annotation on their Pod templates, as `kubectl rollout restart` does. Unless overlap is 0s, a replaced key works until they run
	// with the new one, for maxOverlap at most. The operator needs the permissions of config/rollout for that.
	// +listType=map
	// +listMapKey=kind
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=10
	// +optional
	RolloutRestartTargets []RolloutRestartTarget `json:"rolloutRestartTargets,omitempty"`

	// deletionPolicy is Revoke (a deletion revokes the key and deletes the Secret) or Retain (both stay).
	// +kubebuilder:default=Revoke
	// +optional
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// suspend keeps the operator from issuing, repairing, rotating, restarting and revoking until it is false again. A deletion still
	// revokes.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}
