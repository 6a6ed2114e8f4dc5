// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// The indexes of the cache by which resources are found.
const (
	indexSecret     = "secret"     // namespace/name of the target Secret
	indexConnection = "connection" // namespace/name of the connection; no namespace for the cluster-wide kind
)

func addIndexes(ctx context.Context, indexer client.FieldIndexer) error {
	for field, value := range map[string]func(*v1alpha1.EndpointAPIKey) string{
		indexSecret:     func(key *v1alpha1.EndpointAPIKey) string { return key.SecretName().String() },
		indexConnection: func(key *v1alpha1.EndpointAPIKey) string { return connection.NameOf(key).String() },
	} {
		err := indexer.IndexField(ctx, &v1alpha1.EndpointAPIKey{}, field, func(object client.Object) []string {
			return []string{value(object.(*v1alpha1.EndpointAPIKey))}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// isNews reports whether the creation of a Secret is more than a delivery of this process, which looks at what it wrote itself.
func (r *Reconciler) isNews(secret client.Object) bool {
	keys := &v1alpha1.EndpointAPIKeyList{}
	target := client.MatchingFields{indexSecret: client.ObjectKeyFromObject(secret).String()}
	if err := r.List(context.Background(), keys, target, client.UnsafeDisableDeepCopy); err != nil { // nothing here changes them
		return true
	}
	for i := range keys.Items {
		if known := r.issuances.of(&keys.Items[i]); !known.delivering && known.secretVersion != secret.GetResourceVersion() {
			return true
		}
	}
	return false
}

// requestsOfSecret finds the resources that deliver into a Secret, whatever the Secret itself says.
func (r *Reconciler) requestsOfSecret(ctx context.Context, secret client.Object) []reconcile.Request {
	return r.requests(ctx, client.MatchingFields{indexSecret: client.ObjectKeyFromObject(secret).String()})
}

func (r *Reconciler) requestsOfConnection(ctx context.Context, connection client.Object) []reconcile.Request {
	return r.requests(ctx, client.MatchingFields{indexConnection: client.ObjectKeyFromObject(connection).String()})
}

// requestsOfNamespace finds the resources whose permission may depend on the namespace's labels.
func (r *Reconciler) requestsOfNamespace(ctx context.Context, namespace client.Object) []reconcile.Request {
	return r.requests(ctx, client.InNamespace(namespace.GetName()))
}

func (r *Reconciler) requests(ctx context.Context, selection client.ListOption) []reconcile.Request {
	keys := &v1alpha1.EndpointAPIKeyList{}
	if err := r.List(ctx, keys, selection); err != nil {
		return nil // reads of the cache fail at shutdown only
	}
	requests := make([]reconcile.Request, len(keys.Items))
	for i := range keys.Items {
		requests[i].NamespacedName = client.ObjectKeyFromObject(&keys.Items[i])
	}
	return requests
}
