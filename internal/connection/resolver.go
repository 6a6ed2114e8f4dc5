// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package connection turns the reference to a connection into permission, credentials and a session. It alone decides which namespaces
// may use a connection, and for which Endpoints.
package connection

import (
	"context"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// +kubebuilder:rbac:groups="",resources=configmaps,verbs=get

// Resolver finds connections and keeps one Session for each.
type Resolver struct {
	// Client reads connections and namespaces from a cache, and Secrets from the API server.
	Client client.Client
	// APIReader reads everything from the API server.
	APIReader client.Reader
	// Namespace holds the credentials of ClusterCognigyConnections: the operator's own.
	Namespace string
	// NamespacedOnly is whether the operator leaves ClusterCognigyConnections to another installation.
	NamespacedOnly bool
	// UserAgent is sent to Cognigy.
	UserAgent string
	Clock     clock.PassiveClock
	Hosts     *ratelimit.Hosts
	// Observer is told what sessions do; it may be nil.
	Observer Observer
	// AllowedHosts are the hosts that CognigyConnections may lead to, as in cognigy.Config; ClusterCognigyConnections may lead to
	// every host.
	AllowedHosts []string
	// SuperKeyInterval is the time between two requests for a super API key of a connection.
	SuperKeyInterval time.Duration

	mu        sync.Mutex
	sessions  map[types.UID]known
	superKeys map[types.UID]superKeyRequest // of connections in sessions
	tenants   map[string]*tenant            // by Tenant
}

// Find returns the connection that a resource refers to, and a condition.Failure if there is none, or if the resource's
// namespace may not use it for the Endpoint; ErrUndecided if it may, depending on lists that this process does not have. It sends nothing.
func (r *Resolver) Find(ctx context.Context, owner *v1alpha1.EndpointAPIKey, endpoint Endpoint) (v1alpha1.Connection, error) {
	name := NameOf(owner)
	if ReferredIsCluster(owner) {
		return r.findCluster(ctx, name, owner.Namespace, endpoint)
	}
	found := &v1alpha1.CognigyConnection{}
	err := r.Client.Get(ctx, name, found)
	if apierrors.IsNotFound(err) {
		return nil, condition.Waiting(v1alpha1.ReasonConnectionNotFound,
			"there is no CognigyConnection %q in namespace %q; create it", name.Name, name.Namespace)
	}
	return found, err
}

func (r *Resolver) findCluster(
	ctx context.Context, name types.NamespacedName, namespace string, endpoint Endpoint,
) (v1alpha1.Connection, error) {
	// mutation: use-unserved-connection
	if r.NamespacedOnly {
		return nil, condition.Stalled(v1alpha1.ReasonConnectionNotAllowed, "this installation of the operator does not serve "+
			"ClusterCognigyConnections; use a CognigyConnection, or start the operator with --cluster-connections if no other installation does")
	}
	found := &v1alpha1.ClusterCognigyConnection{}
	err := r.Client.Get(ctx, name, found)
	if apierrors.IsNotFound(err) {
		return nil, condition.Waiting(v1alpha1.ReasonConnectionNotFound, "there is no ClusterCognigyConnection %q; create it", name.Name)
	}
	if err != nil {
		return nil, err
	}
	return found, Permit(ctx, r.Client, found, namespace, endpoint, r.knownProjects(found))
}

// NameOf is the connection that a resource refers to; the cluster-wide kind has no namespace.
func NameOf(key *v1alpha1.EndpointAPIKey) types.NamespacedName {
	name := types.NamespacedName{Namespace: key.Namespace, Name: string(key.Spec.ConnectionRef.Name)}
	if ReferredIsCluster(key) {
		name.Namespace = ""
	}
	return name
}

// ReferredIsCluster reports whether a resource refers to a connection of the cluster-wide kind.
func ReferredIsCluster(key *v1alpha1.EndpointAPIKey) bool {
	return key.Spec.ConnectionRef.Kind == v1alpha1.ConnectionKindCluster
}

// RefersTo reports whether a resource refers to a connection.
func RefersTo(key *v1alpha1.EndpointAPIKey, found v1alpha1.Connection) bool {
	return NameOf(key) == client.ObjectKeyFromObject(found) && IsCluster(found) == ReferredIsCluster(key)
}
