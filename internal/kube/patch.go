// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kube holds what the controllers share of Kubernetes: patches under optimistic lock, reads of metadata only,
// predicates, events, and when to reconcile again.
package kube

import (
	"context"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Patch changes an object if it is still as it was read, and returns it as it is then. It sends nothing if change changes
// nothing. The error is a conflict if someone else changed the object meanwhile.
func Patch[T client.Object](ctx context.Context, c client.Writer, read T, change func(T)) (T, error) {
	return patch(read, change, func(changed T, lock client.Patch) error { return c.Patch(ctx, changed, lock) })
}

// PatchStatus is Patch for the status subresource.
func PatchStatus[T client.Object](ctx context.Context, c client.StatusClient, read T, change func(T)) (T, error) {
	return patch(read, change, func(changed T, lock client.Patch) error { return c.Status().Patch(ctx, changed, lock) })
}

func patch[T client.Object](read T, change func(T), send func(T, client.Patch) error) (T, error) {
	changed := read.DeepCopyObject().(T)
	change(changed)
	if equality.Semantic.DeepEqual(read, changed) {
		return read, nil
	}
	if err := send(changed, client.MergeFromWithOptions(read,
		// mutation: patch-without-lock
		client.MergeFromWithOptimisticLock{})); err != nil {
		return read, err
	}
	return changed, nil
}
