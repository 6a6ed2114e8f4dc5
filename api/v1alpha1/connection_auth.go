// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "time"

// Auth says how the operator authenticates to Cognigy. Exactly one of its members is set. The Secret that it names is in the namespace of
// a CognigyConnection, and of a ClusterCognigyConnection in the operator's.
// +kubebuilder:validation:XValidation:rule="[has(self.apiKey), has(self.superAPIKey), has(self.oauth2), has(self.basic)].exists(set, set)",message="say how to authenticate: set auth.apiKey.secretRef to the Secret that holds a Cognigy API key, or set one of auth.superAPIKey, auth.oauth2 and auth.basic"
// +kubebuilder:validation:XValidation:rule="[has(self.apiKey), has(self.superAPIKey), has(self.oauth2), has(self.basic)].filter(set, set).size() <= 1",message="a connection authenticates in one way: keep one of auth.apiKey, auth.superAPIKey, auth.oauth2 and auth.basic"
type Auth struct {
	// apiKey authenticates with the API key of a Cognigy user.
	// +optional
	APIKey *APIKeyAuth `json:"apiKey,omitempty"`

	// superAPIKey authenticates with super API keys, which an on-premise installation makes if FEATURE_USE_SUPERAPIKEY_API is true there.
	// +optional
	SuperAPIKey *SuperAPIKeyAuth `json:"superAPIKey,omitempty"`

	// oauth2 authenticates with access tokens of an OAuth 2.0 client. Cognigy.AI takes them from 2026.6 on. That the routes of Endpoint
	// API keys take them is not documented: the API reference lists API keys alone there.
	// +optional
	OAuth2 *OAuth2Auth `json:"oauth2,omitempty"`

	// basic authenticates with a name and a password, by HTTP Basic.
	// +optional
	Basic *BasicAuth `json:"basic,omitempty"`
}

// APIKeyAuth authenticates with the API key of a Cognigy user; the operator acts as that user.
type APIKeyAuth struct {
	// secretRef names the Secret that holds the user's API key. White space around the key is ignored.
	// +required
	SecretRef SecretKeyReference `json:"secretRef"`
}

// SuperAPIKeyAuth authenticates with super API keys of an organisation, which act on everything in it. The operator obtains one when it
// needs one, at least a minute apart, keeps it in memory, and replaces it before it expires.
type SuperAPIKeyAuth struct {
	// organisationID is the id of the organisation, as the Management UI shows it.
	// +required
	OrganisationID OrganisationID `json:"organisationID"`

	// secretRef names the Secret that holds the credentials of the Management UI.
	// +required
	SecretRef BasicSecretReference `json:"secretRef"`

	// lifetime is how long a super API key works, from 1m to 24h. The installation decides that, and the operator cannot find it out.
	// +kubebuilder:default="15m"
	// +optional
	Lifetime *Lifetime `json:"lifetime,omitempty"`
}

// defaultLifetime is the default of lifetime where the API server did not set it.
const defaultLifetime = 15 * time.Minute

// Value returns the lifetime, or the default if l is nil.
func (l *Lifetime) Value() time.Duration {
	if l == nil {
		return defaultLifetime
	}
	return l.Duration.Duration
}

// OAuth2Auth authenticates with access tokens, by the grant of client credentials. The operator obtains one when it needs one, keeps it in
// memory, and replaces it before it expires.
type OAuth2Auth struct {
	// secretRef names the Secret that holds the client's id and secret.
	// +required
	SecretRef OAuth2SecretReference `json:"secretRef"`

	// scopes are what the client asks for, at most 32; Cognigy's default if left out.
	// +kubebuilder:validation:MaxItems=32
	// +listType=set
	// +optional
	Scopes []Scope `json:"scopes,omitempty"`
}

// BasicAuth authenticates by HTTP Basic.
type BasicAuth struct {
	// secretRef names the Secret that holds name and password.
	// +required
	SecretRef BasicSecretReference `json:"secretRef"`
}

// SecretKeyReference names one data key of a Secret. The Secret of a CognigyConnection is in the connection's namespace,
// that of a ClusterCognigyConnection in the operator's.
type SecretKeyReference struct {
	// name is the name of the Secret.
	// +required
	Name ObjectName `json:"name"`

	// key is the data key in the Secret.
	// +kubebuilder:default=api-key
	// +optional
	Key DataKey `json:"key,omitempty"`
}

// BasicSecretReference names the two data keys of a Secret that hold a name and a password; those of a Secret of the type
// kubernetes.io/basic-auth by default. A line break at the end of a value is ignored.
type BasicSecretReference struct {
	// name is the name of the Secret.
	// +required
	Name ObjectName `json:"name"`

	// usernameKey is the data key of the name.
	// +kubebuilder:default=username
	// +optional
	UsernameKey DataKey `json:"usernameKey,omitempty"`

	// passwordKey is the data key of the password.
	// +kubebuilder:default=password
	// +optional
	PasswordKey DataKey `json:"passwordKey,omitempty"`
}

// OAuth2SecretReference names the two data keys of a Secret that hold the id and the secret of an OAuth 2.0 client. A line break at the
// end of a value is ignored.
type OAuth2SecretReference struct {
	// name is the name of the Secret.
	// +required
	Name ObjectName `json:"name"`

	// clientIDKey is the data key of the client's id.
	// +kubebuilder:default=client-id
	// +optional
	ClientIDKey DataKey `json:"clientIDKey,omitempty"`

	// clientSecretKey is the data key of the client's secret.
	// +kubebuilder:default=client-secret
	// +optional
	ClientSecretKey DataKey `json:"clientSecretKey,omitempty"`
}

// CABundleKind is the kind of object that holds a bundle of certificate authorities.
// +kubebuilder:validation:Enum=ConfigMap;Secret
type CABundleKind string

const (
	// CABundleKindConfigMap has the bundle in a ConfigMap. An empty kind means the same.
	CABundleKindConfigMap CABundleKind = "ConfigMap"
	// CABundleKindSecret has the bundle in a Secret.
	CABundleKindSecret CABundleKind = "Secret"
)

// CABundleReference names a data key of a ConfigMap or Secret, in the namespace of the credentials.
type CABundleReference struct {
	// kind is ConfigMap or Secret.
	// +kubebuilder:default=ConfigMap
	// +optional
	Kind CABundleKind `json:"kind,omitempty"`

	// name is the name of the object.
	// +required
	Name ObjectName `json:"name"`

	// key is the data key that holds the bundle, in PEM.
	// +kubebuilder:default=ca.crt
	// +optional
	Key DataKey `json:"key,omitempty"`
}
