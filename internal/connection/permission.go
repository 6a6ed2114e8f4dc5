// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
)

// Permit returns nil if a namespace may use a connection, or a condition.Failure. It reads the labels of namespaces by
// reader.
func Permit(ctx context.Context, reader client.Reader, found v1alpha1.Connection, namespace string) error {
	permitted, err := Permitted(ctx, reader, found, namespace)
	if err != nil {
		return err
	}
	// mutation: use-without-permission
	if !permitted {
		return condition.Stalled(v1alpha1.ReasonConnectionNotAllowed,
			"ClusterCognigyConnection %q does not allow namespace %q; ask its administrator to cover the namespace by allowedNamespaces, or use another connection",
			found.GetName(), namespace)
	}
	return nil
}

// Permitted reports whether a namespace may use a connection. It reads the labels of namespaces by reader.
func Permitted(ctx context.Context, reader client.Reader, found v1alpha1.Connection, namespace string) (bool, error) {
	cluster, ok := found.(*v1alpha1.ClusterCognigyConnection)
	if !ok {
		return true, nil // a CognigyConnection is in the same namespace
	}
	return allows(ctx, reader, cluster.Spec.AllowedNamespaces, namespace)
}

func allows(ctx context.Context, reader client.Reader, allowed v1alpha1.AllowedNamespaces, namespace string) (bool, error) {
	if allowed.From == v1alpha1.NamespacesFromAll {
		return true, nil
	}
	selector, err := metav1.LabelSelectorAsSelector(allowed.Selector)
	if err != nil {
		return false, nil //nolint:nilerr // the connection's own status says that the selector is broken; it allows no namespace
	}
	metadata := kube.NamespaceMetadata()
	if err := reader.Get(ctx, types.NamespacedName{Name: namespace}, metadata); err != nil {
		return false, err
	}
	return selector.Matches(labels.Set(metadata.Labels)), nil
}
