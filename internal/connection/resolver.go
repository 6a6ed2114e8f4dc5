// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package connection turns the reference to a connection into permission, credentials and a client. Who may use a connection
// is decided here, and nowhere else.
package connection

import (
	"context"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// Resolver finds connections and keeps one Link for each.
type Resolver struct {
	// Client reads connections and namespaces from a cache, and Secrets from the API server.
	Client client.Client
	// Namespace holds the credentials of ClusterCognigyConnections: the operator's own.
	Namespace string
	// UserAgent is sent to Cognigy.
	UserAgent string

	mu    sync.Mutex
	links map[string]*Link
}

// Find returns the connection that a resource refers to, and a Problem if there is none, or if the resource's namespace may
// not use it.
func (r *Resolver) Find(ctx context.Context, owner *v1alpha1.EndpointAPIKey) (v1alpha1.Connection, error) {
	reference := owner.Spec.ConnectionRef
	if reference.Kind == v1alpha1.ConnectionKindCluster {
		return r.findCluster(ctx, reference.Name, owner.Namespace)
	}
	found := &v1alpha1.CognigyConnection{}
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: owner.Namespace, Name: reference.Name}, found)
	if apierrors.IsNotFound(err) {
		return nil, waiting(v1alpha1.ReasonConnectionNotFound,
			"there is no CognigyConnection %q in namespace %q; create it", reference.Name, owner.Namespace)
	}
	return found, err
}

func (r *Resolver) findCluster(ctx context.Context, name, namespace string) (v1alpha1.Connection, error) {
	found := &v1alpha1.ClusterCognigyConnection{}
	err := r.Client.Get(ctx, types.NamespacedName{Name: name}, found)
	if apierrors.IsNotFound(err) {
		return nil, waiting(v1alpha1.ReasonConnectionNotFound, "there is no ClusterCognigyConnection %q; create it", name)
	}
	if err != nil {
		return nil, err
	}
	return found, Permit(ctx, r.Client, found, namespace)
}

// Permit returns nil if a namespace may use a connection, or a Problem. The labels of namespaces are read by reader.
func Permit(ctx context.Context, reader client.Reader, found v1alpha1.Connection, namespace string) error {
	clusterWide, ok := found.(*v1alpha1.ClusterCognigyConnection)
	if !ok {
		return nil // it is in the same namespace
	}
	allowed, err := allows(ctx, reader, clusterWide.Spec.AllowedNamespaces, namespace)
	if err != nil {
		return err
	}
	// mutation: use-without-permission
	if !allowed {
		return stalled(v1alpha1.ReasonConnectionNotAllowed,
			"ClusterCognigyConnection %q does not allow namespace %q; ask for the namespace to be covered by its allowedNamespaces, or use another connection",
			found.GetName(), namespace)
	}
	return nil
}

func allows(ctx context.Context, reader client.Reader, allowed v1alpha1.AllowedNamespaces, namespace string) (bool, error) {
	if allowed.From == v1alpha1.NamespacesFromAll {
		return true, nil
	}
	selector, err := metav1.LabelSelectorAsSelector(allowed.Selector)
	if err != nil {
		return false, nil //nolint:nilerr // the connection's own status says that the selector is broken; it allows nobody
	}
	metadata := &metav1.PartialObjectMetadata{}
	metadata.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	if err := reader.Get(ctx, types.NamespacedName{Name: namespace}, metadata); err != nil {
		return false, err
	}
	return selector.Matches(labels.Set(metadata.Labels)), nil
}

// Usable returns nil if the connection's own probe succeeded, or a Problem that quotes it. One connection that cannot reach
// Cognigy thus asks for all its keys.
func Usable(connection v1alpha1.Connection) error {
	status := connection.GetConnectionStatus()
	ready := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionReady)
	switch {
	case ready == nil || ready.ObservedGeneration != connection.GetGeneration():
		return waiting(v1alpha1.ReasonConnectionNotReady, "the connection %q has not been checked yet", connection.GetName())
	case ready.Status == metav1.ConditionTrue:
		return nil
	case meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionStalled):
		return stalled(v1alpha1.ReasonConnectionNotReady, "the connection %q cannot be used: %s", connection.GetName(), ready.Message)
	default:
		return waiting(v1alpha1.ReasonConnectionNotReady, "the connection %q cannot be used now: %s", connection.GetName(), ready.Message)
	}
}

// Link returns the connection's client with its current credentials, or a Problem.
func (r *Resolver) Link(ctx context.Context, connection v1alpha1.Connection) (*Link, error) {
	credentials, err := r.credentials(ctx, connection)
	if err != nil {
		return nil, err
	}
	id := identify(connection)
	fingerprint := fingerprint(connection, credentials)
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.links[id]; known != nil && known.fingerprint == fingerprint {
		return known, nil
	}
	spec := connection.GetConnectionSpec()
	timeout, _ := spec.Timeouts()
	client, err := cognigy.New(cognigy.Config{
		BaseURL: spec.BaseURL, APIKey: credentials, CABundle: spec.CABundle, AllowInsecureHTTP: spec.AllowInsecureHTTP,
		Timeout: timeout, UserAgent: r.UserAgent,
	})
	if err != nil {
		return nil, stalled(v1alpha1.ReasonInvalidSpec, "%s", err)
	}
	link := NewLink(client, spec.RateLimit)
	link.fingerprint = fingerprint
	r.replace(id, link)
	return link, nil
}

// Known returns the Link that was made for the connection last, or nil. Its credentials may be outdated: use it for what it
// remembers only.
func (r *Resolver) Known(connection v1alpha1.Connection) *Link {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.links[identify(connection)]
}

// Forget drops what is known of a connection that is gone.
func (r *Resolver) Forget(connection v1alpha1.Connection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.replace(identify(connection), nil)
}

// replace puts a link in the place of another, whose idle connections are closed; nil removes it. The caller holds the lock.
func (r *Resolver) replace(id string, link *Link) {
	if old := r.links[id]; old != nil {
		old.Close()
	}
	if r.links == nil {
		r.links = map[string]*Link{}
	}
	r.links[id] = link
}

// SecretName is the Secret that holds a connection's credentials.
func (r *Resolver) SecretName(connection v1alpha1.Connection) types.NamespacedName {
	name := types.NamespacedName{Namespace: connection.GetNamespace()}
	if name.Namespace == "" {
		name.Namespace = r.Namespace
	}
	if auth := connection.GetConnectionSpec().Auth.APIKey; auth != nil {
		name.Name = auth.SecretRef.Name
	}
	return name
}

// identify tells connections apart: only the cluster-wide kind has no namespace.
func identify(connection v1alpha1.Connection) string {
	return client.ObjectKeyFromObject(connection).String()
}
