// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package protection

import (
	"context"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// dependents returns the names of the resources that refer to a connection, sorted, as the API server has them now. Those that may not
// use it and never could do not hold up its deletion. Namespaces are read from the cache.
func dependents(ctx context.Context, cached, live client.Reader, found v1alpha1.Connection) ([]string, error) {
	keys := &v1alpha1.EndpointAPIKeyList{}
	if err := live.List(ctx, keys, client.InNamespace(found.GetNamespace())); err != nil {
		return nil, err
	}
	var names []string
	for i := range keys.Items {
		needs, err := needs(ctx, cached, &keys.Items[i], found)
		if err != nil {
			return nil, err
		}
		if needs {
			names = append(names, client.ObjectKeyFromObject(&keys.Items[i]).String())
		}
	}
	slices.Sort(names)
	return names, nil
}

// needs reports whether a resource depends on a connection. While the connection is not being deleted, every reference counts: a
// namespace may be permitted later.
func needs(ctx context.Context, cached client.Reader, key *v1alpha1.EndpointAPIKey, found v1alpha1.Connection) (bool, error) {
	if !connection.RefersTo(key, found) {
		return false, nil
	}
	if found.GetDeletionTimestamp().IsZero() || connection.Served(key) {
		return true, nil
	}
	return connection.Permitted(ctx, cached, found, key.Namespace, connection.ReportedEndpoint(key))
}
