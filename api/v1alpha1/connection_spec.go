// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ConnectionSpec says how to reach a Cognigy.AI installation. Both kinds of connection share it.
// +kubebuilder:validation:XValidation:rule="(has(self.allowInsecureHTTP) && self.allowInsecureHTTP) || !self.baseURL.startsWith('http://')",message="baseURL is http: credentials and keys would travel unencrypted; use https, or set allowInsecureHTTP: true if you accept that",fieldPath=".baseURL"
// +kubebuilder:validation:XValidation:rule="!has(self.caBundle) || !has(self.caBundleRef)",message="caBundle and caBundleRef both say which certificate authorities to trust; keep one of them",fieldPath=".caBundleRef"
type ConnectionSpec struct {
	// baseURL is the address of the Cognigy API, for example https://api-trial.cognigy.ai, with or without a path prefix and a
	// trailing /new or /new/v2.0. It cannot be changed: the keys that were issued through a connection exist at its address only.
	// The operator's flag --allowed-hosts may restrict to which hosts a CognigyConnection leads.
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^https?://') && isURL(self) && url(self).getHostname() != ''",message="baseURL is an absolute URL, for example https://api-trial.cognigy.ai"
	// +kubebuilder:validation:XValidation:rule="!self.matches('[?#@]') && !self.matches('[[:space:]]')",message="baseURL has no user, query, fragment or white space; credentials belong into auth"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="baseURL cannot be changed: a connection is one Cognigy, and keys made at the old address could be neither found nor revoked at the new one; create another connection, and other EndpointAPIKeys for it"
	// +required
	BaseURL string `json:"baseURL"`

	// endpointBaseURL is the address below which callers reach Cognigy's Endpoints, for example https://endpoint-trial.cognigy.ai. Templates
	// of EndpointAPIKeys make .endpointURL of it. It need not be set where baseURL is https://api-<name>.cognigy.ai: the Endpoints of such an
	// installation are at https://endpoint-<name>.cognigy.ai. The operator itself sends nothing there. A change shows in Secrets that are
	// written after it.
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^https?://') && isURL(self) && url(self).getHostname() != '' && !self.matches('[?#@]') && !self.matches('[[:space:]]')",message="endpointBaseURL is an absolute URL without a user, a query, a fragment or white space, for example https://endpoint-trial.cognigy.ai"
	// +optional
	EndpointBaseURL string `json:"endpointBaseURL,omitempty"`

	// auth says how to authenticate.
	// +required
	Auth Auth `json:"auth"`

	// caBundle is a PEM bundle of the certificate authorities to trust instead of the system's. The bundles of all CognigyConnections of a
	// namespace may have 2 MiB together, those of caBundleRef included; a ClusterCognigyConnection has that for itself.
	// +kubebuilder:validation:MaxLength=1048576
	// +optional
	CABundle []byte `json:"caBundle,omitempty"`

	// caBundleRef names the ConfigMap or Secret that holds such a bundle, instead of caBundle. A change of it takes effect with the
	// next request to Cognigy.
	// +optional
	CABundleRef *CABundleReference `json:"caBundleRef,omitempty"`

	// serverName is the name that the server's certificate has to be for, where it is not for the host of baseURL: an on-premise
	// installation that is reached by an address or a name of its cluster, for example.
	// +optional
	ServerName ServerName `json:"serverName,omitempty"`

	// allowInsecureHTTP permits a baseURL that begins with http.
	// +optional
	AllowInsecureHTTP bool `json:"allowInsecureHTTP,omitempty"`

	// requestTimeout is how long one request to Cognigy may take: 1s to 5m.
	// +kubebuilder:default="30s"
	// +optional
	RequestTimeout *Timeout `json:"requestTimeout,omitempty"`

	// deliveryTimeout is how long the operator tries to write a new key into its Secret, after the requestTimeout: 1s to 5m. It
	// revokes a key that Kubernetes has not stored by then, and begins another attempt.
	// +kubebuilder:default="30s"
	// +optional
	DeliveryTimeout *Timeout `json:"deliveryTimeout,omitempty"`

	// rateLimit limits the requests that the operator sends through this connection. All connections to one host also share a
	// limit, since Cognigy's shared installations count requests per source address: 3 a second and 50 at once. The operator's
	// flag --host-rate-limits changes it, and where that does not name the host, so does the largest rateLimit of the
	// ClusterCognigyConnections to it. A CognigyConnection can only lower its own share. After a 429, the operator sends fewer
	// requests until Cognigy accepts more.
	// +optional
	RateLimit *RateLimit `json:"rateLimit,omitempty"`

	// orphanPolicy says what the operator does with orphans: keys in Cognigy with this cluster's marker whose EndpointAPIKey does
	// not exist any more, for example because someone removed its finalizer by force. Report counts them in status.orphanScan and
	// names new ones in an event. Revoke also revokes those that two scans in a row find. Ignore does not scan. A key that
	// deletionPolicy: Retain left behind is no orphan as long as a Secret with the operator's label and annotations records it. Nor is
	// one that an EndpointAPIKey has from before a change of --cluster-id: scans count those apart, and never revoke them.
	//
	// Before you choose Revoke, make sure that no other cluster has this one's identity: by a --cluster-id that both use, or
	// because one was cloned or restored from a backup of the other. The other cluster's keys look like orphans here, and would
	// be revoked while they are in use.
	// +kubebuilder:default=Report
	// +optional
	OrphanPolicy OrphanPolicy `json:"orphanPolicy,omitempty"`
}

// OrphanPolicy says what the operator does with keys whose EndpointAPIKey does not exist any more.
// +kubebuilder:validation:Enum=Report;Revoke;Ignore
type OrphanPolicy string

const (
	// OrphanPolicyReport counts and reports orphans. An empty policy means the same.
	OrphanPolicyReport OrphanPolicy = "Report"
	// OrphanPolicyRevoke reports orphans, and revokes those that two scans in a row find.
	OrphanPolicyRevoke OrphanPolicy = "Revoke"
	// OrphanPolicyIgnore does not scan for orphans.
	OrphanPolicyIgnore OrphanPolicy = "Ignore"
)

// RateLimit is a token bucket that limits the requests to Cognigy.
type RateLimit struct {
	// requestsPerSecond is how many requests a second the operator sends in the long run: 1 to 1000.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	// +required
	RequestsPerSecond int32 `json:"requestsPerSecond"`

	// burst is how many requests the operator may send at once: 1 to 1000; requestsPerSecond if left out.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	// +optional
	Burst int32 `json:"burst,omitempty"`
}

// Values returns the requests per second and the burst, or zeros if l is nil.
func (l *RateLimit) Values() (perSecond, burst int) {
	if l == nil {
		return 0, 0
	}
	if l.Burst == 0 {
		return int(l.RequestsPerSecond), int(l.RequestsPerSecond)
	}
	return int(l.RequestsPerSecond), int(l.Burst)
}

// defaultTimeout is the default of both timeouts where the API server did not set it.
const defaultTimeout = 30 * time.Second

// Timeouts returns how long one request to Cognigy may take, and how long the delivery into the Secret may take after that.
func (s *ConnectionSpec) Timeouts() (request, delivery time.Duration) {
	request, delivery = defaultTimeout, defaultTimeout
	if s.RequestTimeout != nil {
		request = s.RequestTimeout.Duration.Duration
	}
	if s.DeliveryTimeout != nil {
		delivery = s.DeliveryTimeout.Duration.Duration
	}
	return request, delivery
}

// NamespacesFrom says where allowed namespaces come from.
// +kubebuilder:validation:Enum=All;Selector
type NamespacesFrom string

const (
	// NamespacesFromAll allows every namespace.
	NamespacesFromAll NamespacesFrom = "All"
	// NamespacesFromSelector allows the namespaces whose labels match the selector.
	NamespacesFromSelector NamespacesFrom = "Selector"
)

// NamespaceSelector chooses namespaces by their labels, as Kubernetes' label selectors do. All of it must match. It is a type of its
// own, convertible to metav1.LabelSelector, since only what has bounds can be validated in a list.
// +structType=atomic
// +kubebuilder:validation:XValidation:rule="!has(self.matchExpressions) || self.matchExpressions.all(e, e.operator in ['In', 'NotIn', 'Exists', 'DoesNotExist'] && (e.operator in ['In', 'NotIn']) == (has(e.values) && e.values.size() > 0))",message="a selector's operators are In and NotIn, with values, and Exists and DoesNotExist, without"
type NamespaceSelector struct {
	// matchLabels are labels that a namespace must have.
	// +optional
	MatchLabels map[string]string `json:"matchLabels,omitempty"`

	// matchExpressions are conditions on labels: 16 at most.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +optional
	MatchExpressions []metav1.LabelSelectorRequirement `json:"matchExpressions,omitempty"`
}

// AllowedNamespaces says which namespaces may use a ClusterCognigyConnection, or to which one of its grants applies.
// +kubebuilder:validation:XValidation:rule="(self.from == 'Selector') == has(self.selector)",message="from: Selector needs a selector, and from: All takes none"
type AllowedNamespaces struct {
	// from is All or Selector.
	// +required
	From NamespacesFrom `json:"from"`

	// selector chooses namespaces by their labels.
	// +optional
	Selector *NamespaceSelector `json:"selector,omitempty"`
}

// Grant says which Endpoints the EndpointAPIKeys of some namespaces may have keys for.
type Grant struct {
	// namespaces says to which namespaces the grant applies. It allows none that allowedNamespaces does not.
	// +required
	Namespaces AllowedNamespaces `json:"namespaces"`

	// endpoints says which Endpoints are granted.
	// +required
	Endpoints GrantedEndpoints `json:"endpoints"`
}

// GrantedEndpoints are the Endpoints of a Grant: those with the ids, and those of the projects.
// +kubebuilder:validation:XValidation:rule="has(self.ids) || has(self.projectIDs)",message="say which Endpoints are granted: set endpoints.ids, endpoints.projectIDs or both; to grant every Endpoint, leave grants out"
type GrantedEndpoints struct {
	// ids are the ids of the Endpoints, as in an EndpointAPIKey's endpoint.id: 1 to 100.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=100
	// +optional
	IDs []EndpointID `json:"ids,omitempty"`

	// projectIDs are the ids of projects whose Endpoints are granted, also those that are created later: 1 to 16. The operator lists the
	// Endpoints of these projects, at most a minute before it issues a key; the connection's user needs access to them.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +optional
	ProjectIDs []ProjectID `json:"projectIDs,omitempty"`
}
