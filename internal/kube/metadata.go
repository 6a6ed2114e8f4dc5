// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
)

// pageSize is how many objects one request lists.
const pageSize = 500

// requests are the annotations by which users request something, with the length that the API server accepts of the status that reports
// them, in bytes.
var requests = map[string]int{
	v1alpha1.RequestedAtAnnotation: 1024, v1alpha1.RotateRequestedAtAnnotation: 64, v1alpha1.RevokeOrphansAnnotation: 2048,
}

// SecretMetadata is an empty object to read the metadata of a Secret into, without its data.
func SecretMetadata() *metav1.PartialObjectMetadata {
	return metadata(corev1.SchemeGroupVersion.WithKind("Secret"))
}

// NamespaceMetadata is an empty object to read the metadata of a Namespace into.
func NamespaceMetadata() *metav1.PartialObjectMetadata {
	return metadata(corev1.SchemeGroupVersion.WithKind("Namespace"))
}

func metadata(kind schema.GroupVersionKind) *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(kind)
	return object
}

// EachMetadata calls do with the metadata of all objects of a list kind, page by page.
func EachMetadata(
	ctx context.Context, reader client.Reader, list schema.GroupVersionKind, do func(*metav1.PartialObjectMetadata), options ...client.ListOption,
) error {
	for next := ""; ; {
		page := &metav1.PartialObjectMetadataList{}
		page.SetGroupVersionKind(list)
		if err := reader.List(ctx, page, append(options, client.Limit(pageSize), client.Continue(next))...); err != nil {
			return err
		}
		for i := range page.Items {
			do(&page.Items[i])
		}
		if next = page.Continue; next == "" {
			return nil
		}
	}
}

// IsNotServed reports whether the error of a list says that the API server does not serve the kind: its CustomResourceDefinition is not
// there.
func IsNotServed(err error) bool {
	return meta.IsNoMatchError(err) || apierrors.IsNotFound(err)
}

// RequestedAt is the value of the annotation by which a user requests a reconcile, as status.lastHandledReconcileAt takes it.
func RequestedAt(object metav1.Object) string { return request(object, v1alpha1.RequestedAtAnnotation) }

// RotateRequestedAt is the value of the annotation by which a user asks for another key, as status.lastHandledRotateAt takes it.
func RotateRequestedAt(object metav1.Object) string {
	return request(object, v1alpha1.RotateRequestedAtAnnotation)
}

// RevokeOrphans is the value of the annotation that names orphans to revoke, as status.lastHandledRevokeOrphans takes it.
func RevokeOrphans(object metav1.Object) string {
	return request(object, v1alpha1.RevokeOrphansAnnotation)
}

func request(object metav1.Object, name string) string {
	return condition.Clip(object.GetAnnotations()[name], requests[name])
}

// Requests returns the annotations by which users request something, as RequestedAt and its neighbours do; nil if there are none.
func Requests(object metav1.Object) (made map[string]string) {
	for name := range requests {
		if _, ok := object.GetAnnotations()[name]; !ok {
			continue
		}
		if made == nil {
			made = map[string]string{}
		}
		made[name] = request(object, name)
	}
	return made
}
