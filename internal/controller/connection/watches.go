// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

func (r *Reconciler) addIndex(ctx context.Context, indexer client.FieldIndexer) error {
	return indexer.IndexField(ctx, r.Kind.New(), connection.IndexSecret, func(object client.Object) (names []string) {
		for _, name := range r.Connections.SecretNames(object.(v1alpha1.Connection)) {
			names = append(names, name.String())
		}
		return names
	})
}

// requestsOfSecret finds the connections that name a Secret.
func (r *Reconciler) requestsOfSecret(ctx context.Context, secret client.Object) []reconcile.Request {
	connections := r.Kind.NewList()
	if err := r.List(ctx, connections, client.MatchingFields{connection.IndexSecret: client.ObjectKeyFromObject(secret).String()}); err != nil {
		return nil // reads of the cache fail at shutdown only
	}
	var requests []reconcile.Request
	_ = meta.EachListItem(connections, func(item runtime.Object) error {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(item.(client.Object))})
		return nil
	})
	return requests
}
