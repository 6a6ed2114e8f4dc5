// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

const (
	indexSecret     = "secret"     // namespace/name of the target Secret
	indexConnection = "connection" // kind/namespace/name of the connection; no namespace for the cluster-wide kind
)

func indexKeys(ctx context.Context, indexer client.FieldIndexer) error {
	err := indexer.IndexField(ctx, &v1alpha1.EndpointAPIKey{}, indexSecret, func(object client.Object) []string {
		return []string{object.(*v1alpha1.EndpointAPIKey).SecretName().String()}
	})
	if err != nil {
		return err
	}
	return indexer.IndexField(ctx, &v1alpha1.EndpointAPIKey{}, indexConnection, func(object client.Object) []string {
		return []string{connectionName(object.(*v1alpha1.EndpointAPIKey)).String()}
	})
}

// connectionName is the connection that a resource refers to; the cluster-wide kind has no namespace.
func connectionName(key *v1alpha1.EndpointAPIKey) types.NamespacedName {
	name := types.NamespacedName{Namespace: key.Namespace, Name: key.Spec.ConnectionRef.Name}
	if key.Spec.ConnectionRef.Kind == v1alpha1.ConnectionKindCluster {
		name.Namespace = ""
	}
	return name
}

// keysOfSecret finds the resources that deliver into a Secret, whatever the Secret itself says.
func (r *EndpointAPIKeyReconciler) keysOfSecret(ctx context.Context, secret client.Object) []reconcile.Request {
	return r.keys(ctx, client.MatchingFields{indexSecret: client.ObjectKeyFromObject(secret).String()})
}

func (r *EndpointAPIKeyReconciler) keysOfConnection(ctx context.Context, connection client.Object) []reconcile.Request {
	return r.keys(ctx, client.MatchingFields{indexConnection: client.ObjectKeyFromObject(connection).String()})
}

// keysOfNamespace finds the resources whose permission may depend on the namespace's labels.
func (r *EndpointAPIKeyReconciler) keysOfNamespace(ctx context.Context, namespace client.Object) []reconcile.Request {
	return r.keys(ctx, client.InNamespace(namespace.GetName()))
}

func (r *EndpointAPIKeyReconciler) keys(ctx context.Context, which client.ListOption) []reconcile.Request {
	found := &v1alpha1.EndpointAPIKeyList{}
	if err := r.List(ctx, found, which); err != nil {
		return nil // the cache is read, which fails at shutdown only
	}
	requests := make([]reconcile.Request, len(found.Items))
	for i := range found.Items {
		requests[i].NamespacedName = client.ObjectKeyFromObject(&found.Items[i])
	}
	return requests
}

// relevant lets pass what changes what is to be done. The operator's own reports do not: answering them at once would undo the
// waits between retries.
var relevant = predicate.Or(
	predicate.GenerationChangedPredicate{}, // also a deletion timestamp
	predicate.AnnotationChangedPredicate{},
	wiped,
	finalizersChanged,
)

// usability lets pass what changes whether a connection can be used, and for what; not every report of one that cannot.
var usability = predicate.Or(predicate.GenerationChangedPredicate{}, finalizersChanged, predicate.Funcs{
	UpdateFunc: func(e event.UpdateEvent) bool {
		before, after := readiness(e.ObjectOld), readiness(e.ObjectNew)
		return before.Status != after.Status || before.Reason != after.Reason || before.ObservedGeneration != after.ObservedGeneration
	},
})

func readiness(object client.Object) metav1.Condition {
	if ready := meta.FindStatusCondition(object.(v1alpha1.Connection).GetConnectionStatus().Conditions, v1alpha1.ConditionReady); ready != nil {
		return *ready
	}
	return metav1.Condition{}
}

// wiped lets pass the loss of a report, so that it is made again.
var wiped = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	return reported(e.ObjectOld) && !reported(e.ObjectNew)
}}

func reported(object client.Object) bool {
	var conditions []metav1.Condition
	switch object := object.(type) {
	case *v1alpha1.EndpointAPIKey:
		conditions = object.Status.Conditions
	case v1alpha1.Connection:
		conditions = object.GetConnectionStatus().Conditions
	}
	return meta.FindStatusCondition(conditions, v1alpha1.ConditionReady) != nil
}
