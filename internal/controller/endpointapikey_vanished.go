// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// takeBack revokes the keys that this process issued for resources of a name which are gone although it did not let go of
// them: somebody removed the finalizer by force, or the API server let a deletion go through in spite of it that had begun
// before it was there (https://github.com/kubernetes/kubernetes/issues/77988). It returns when to go on.
func (r *EndpointAPIKeyReconciler) takeBack(ctx context.Context, name types.NamespacedName, existing types.UID) (again time.Duration, err error) {
	for _, gone := range r.mints.vanished(name, existing) {
		done, err := r.takeBackFrom(ctx, gone)
		if err != nil {
			return 0, err
		}
		if !done {
			again = confirmWait
			continue
		}
		r.mints.forget(gone.key.UID)
	}
	return again, nil
}

// takeBackFrom returns true if a list that can be trusted shows no key of the resource, or if its key is to be kept.
func (r *EndpointAPIKeyReconciler) takeBackFrom(ctx context.Context, gone minter) (done bool, err error) {
	if gone.key.Spec.DeletionPolicy == v1alpha1.DeletionPolicyRetain {
		return true, nil
	}
	secret, err := r.recordOf(ctx, gone.key)
	if err != nil || secret != nil && metav1.GetControllerOf(secret) == nil { // which was left behind on purpose
		return err == nil, err
	}
	if none, err := r.revokeAll(ctx, gone); !none || err != nil {
		return false, err
	}
	if secret == nil {
		return true, nil
	}
	read := client.Preconditions{UID: &secret.UID, ResourceVersion: &secret.ResourceVersion}
	err = client.IgnoreNotFound(r.Delete(ctx, secret, read))
	return err == nil, err
}

// recordOf returns the metadata of the Secret that records a resource's key; nil if there is none.
func (r *EndpointAPIKeyReconciler) recordOf(ctx context.Context, key *v1alpha1.EndpointAPIKey) (*metav1.PartialObjectMetadata, error) {
	secret := secretMetadata()
	if err := r.Live.Get(ctx, key.SecretName(), secret); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	if secret.Annotations[v1alpha1.OwnerUIDAnnotation] != string(key.UID) {
		return nil, nil
	}
	return secret, nil
}

// revokeAll revokes the keys that a list shows, and returns true if it shows none and can be trusted.
func (r *EndpointAPIKeyReconciler) revokeAll(ctx context.Context, gone minter) (none bool, err error) {
	endpointID, asked := gone.key.Spec.Endpoint.ID, r.Clock.Now()
	gone.link.Owe(1)
	listing, err := gone.link.List(ctx, endpointID, asked, r.Clock.Now)
	if cognigy.IsKind(err, cognigy.NotFound) {
		listing, err = &plan.Listing{At: asked}, nil
	}
	if err != nil {
		return false, err
	}
	owned := listing.Owned(r.marker(gone.key))
	for _, key := range owned {
		gone.link.Owe(1)
		if err := gone.link.DeleteKey(ctx, endpointID, key.ID); err != nil {
			return false, err
		}
		logf.FromContext(ctx).Info("revoked a key whose resource had vanished", "keyID", key.ID, "keyPreview", key.Preview)
		r.event(gone.key, key.ID, v1alpha1.EventRevoked, "Revoke", "revoked key %s (%s), whose resource had vanished", key.ID, key.Preview)
	}
	return len(owned) == 0 && !listing.At.Before(gone.last().over().Add(r.ListLag)), nil
}
