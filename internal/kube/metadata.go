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

const (
	// pageSize is how many objects one request lists.
	pageSize = 500
	// maxRequestedAt is the length of status.lastHandledReconcileAt that the API server accepts, in bytes.
	maxRequestedAt = 1024
	// maxRotateRequestedAt is the same of status.lastHandledRotateAt.
	maxRotateRequestedAt = 64
)

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
func RequestedAt(object metav1.Object) string {
	return condition.Clip(object.GetAnnotations()[v1alpha1.RequestedAtAnnotation], maxRequestedAt)
}

// RotateRequestedAt is the value of the annotation by which a user asks for another key, as status.lastHandledRotateAt takes it.
func RotateRequestedAt(object metav1.Object) string {
	return condition.Clip(object.GetAnnotations()[v1alpha1.RotateRequestedAtAnnotation], maxRotateRequestedAt)
}

// Requests returns the annotations by which users request something, as RequestedAt and RotateRequestedAt do; nil if there are none.
func Requests(object metav1.Object) map[string]string {
	var requests map[string]string
	for name, value := range map[string]string{
		v1alpha1.RequestedAtAnnotation: RequestedAt(object), v1alpha1.RotateRequestedAtAnnotation: RotateRequestedAt(object),
	} {
		if _, ok := object.GetAnnotations()[name]; ok {
			if requests == nil {
				requests = map[string]string{}
			}
			requests[name] = value
		}
	}
	return requests
}
