// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"errors"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
)

// Permit returns nil if the resources of a namespace may have keys for an Endpoint through a connection, or a condition.Failure. It
// reads the labels of the namespace by reader, if a selector asks for them, and asks shows which Endpoints are in a granted project. Where
// that does not know, and the rest does not decide, the error is ErrUndecided.
func Permit(ctx context.Context, reader client.Reader, found v1alpha1.Connection, namespace string, endpoint Endpoint, shows Shows) error {
	cluster, ok := found.(*v1alpha1.ClusterCognigyConnection)
	if !ok {
		return nil // a CognigyConnection is in the same namespace, with credentials of its own
	}
	matches := matcher(ctx, reader, namespace)
	allowed, err := matches(cluster.Spec.AllowedNamespaces)
	if err != nil {
		return err
	}
	// mutation: use-without-permission
	if !allowed {
		return condition.Stalled(v1alpha1.ReasonConnectionNotAllowed,
			"ClusterCognigyConnection %q does not allow namespace %q; ask its administrator to cover the namespace by allowedNamespaces, or use another connection",
			found.GetName(), namespace)
	}
	granted, err := grants(cluster.Spec.Grants, endpoint, matches, shows)
	if err != nil {
		return err
	}
	// mutation: use-without-grant
	if !granted {
		return NotGranted(found, namespace, endpoint)
	}
	return nil
}

// NotGranted is the failure of a resource for whose Endpoint its namespace has no grant. Of a resource that names its Endpoint, it tells
// neither the id nor whether there is such an Endpoint: to whom a project is not granted, that is none of their business.
func NotGranted(found v1alpha1.Connection, namespace string, endpoint Endpoint) *condition.Failure {
	return condition.Stalled(v1alpha1.ReasonConnectionNotAllowed,
		"ClusterCognigyConnection %q allows namespace %q, but grants it no key for %s; ask its administrator to add the Endpoint to a grant for the namespace, or use another connection",
		found.GetName(), namespace, endpoint)
}

// Served reports whether a resource's status shows that it was permitted to use its connection once, so that keys may exist.
func Served(key *v1alpha1.EndpointAPIKey) bool {
	status := key.Status
	return status.EndpointID != "" || status.KeyID != "" || status.Issuance != nil
}

// Permitted reports whether Permit returns no condition.Failure, without lists of projects. A resource of which these decide counts as
// permitted.
func Permitted(ctx context.Context, reader client.Reader, found v1alpha1.Connection, namespace string, endpoint Endpoint) (bool, error) {
	err := Permit(ctx, reader, found, namespace, endpoint, Unknown)
	permitted := err == nil || errors.Is(err, ErrUndecided)
	if condition.FailureOf(err) != nil || permitted {
		err = nil
	}
	return permitted, err
}

// matcher returns a function that reports whether a namespace is among others. It reads the namespace once, and only for a selector.
func matcher(ctx context.Context, reader client.Reader, namespace string) func(v1alpha1.AllowedNamespaces) (bool, error) {
	read := sync.OnceValues(func() (labels.Set, error) {
		metadata := kube.NamespaceMetadata()
		err := reader.Get(ctx, types.NamespacedName{Name: namespace}, metadata)
		return metadata.Labels, err
	})
	return func(namespaces v1alpha1.AllowedNamespaces) (bool, error) {
		if namespaces.From == v1alpha1.NamespacesFromAll {
			return true, nil
		}
		selector, err := metav1.LabelSelectorAsSelector((*metav1.LabelSelector)(namespaces.Selector))
		if err != nil {
			return false, nil //nolint:nilerr // the connection's own status says that the selector is broken; it selects no namespace
		}
		found, err := read()
		return err == nil && selector.Matches(found), err
	}
}
