// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// takeBack revokes the keys that this process issued for resources of a name which are gone although it did not let go of
// them: somebody removed the finalizer by force, or the API server let a deletion go through in spite of it that had begun
// before it was there (https://github.com/kubernetes/kubernetes/issues/77988). It returns when to go on; zero if all is done.
func (r *EndpointAPIKeyReconciler) takeBack(ctx context.Context, name types.NamespacedName, existing types.UID) (again time.Duration) {
	for _, gone := range r.mints.vanished(name, existing) {
		wait, err := r.takeBackFrom(ctx, gone)
		switch {
		case err != nil:
			logf.FromContext(ctx).Error(err, "could not revoke the keys of a resource that had vanished", "uid", gone.key.UID)
			wait = max(r.confirmations.When(gone.request()), retryAfter(err))
		case wait == 0:
			r.confirmations.Forget(gone.request())
			r.mints.forget(gone.key)
		}
		again = sooner(again, wait)
	}
	return again
}

// request is what the resource's revocations are confirmed under. Its name may be another resource's by now.
func (m minter) request() reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: m.key.Namespace, Name: string(m.key.UID)}}
}

// sooner returns the shorter of two waits, of which zero is none.
func sooner(one, other time.Duration) time.Duration {
	if one == 0 || other == 0 {
		return max(one, other)
	}
	return min(one, other)
}

// takeBackFrom returns zero if a list that can be trusted shows no key of the resource but one that is to be kept; else how long
// to wait.
func (r *EndpointAPIKeyReconciler) takeBackFrom(ctx context.Context, gone minter) (time.Duration, error) {
	if gone.key.Spec.DeletionPolicy == v1alpha1.DeletionPolicyRetain {
		return 0, nil
	}
	secret, err := r.recordOf(ctx, gone.key)
	if err != nil {
		return 0, err
	}
	kept := ""
	if secret != nil && metav1.GetControllerOf(secret) == nil { // which was left behind on purpose
		kept, secret = secret.Annotations[v1alpha1.KeyIDAnnotation], nil
	}
	wait, err := r.revokeAll(ctx, gone, kept)
	if wait > 0 || err != nil || secret == nil {
		return wait, err
	}
	read := client.Preconditions{UID: &secret.UID, ResourceVersion: &secret.ResourceVersion}
	return 0, client.IgnoreNotFound(r.Delete(ctx, secret, read))
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

// revokeAll revokes the keys that a list shows, but for one that is kept, and returns zero if it shows none and can be trusted;
// else how long to wait before the next list.
func (r *EndpointAPIKeyReconciler) revokeAll(ctx context.Context, gone minter, kept string) (wait time.Duration, err error) {
	link, endpointID, asked := r.linkOf(ctx, gone), gone.key.Spec.Endpoint.ID, r.Clock.Now()
	if wait := link.Enter(gone.key.UID, endpointID, true, asked); wait > 0 {
		return wait, nil
	}
	defer func() { link.Leave(gone.key.UID, err, r.Clock.Now()) }()
	listing, err := link.List(ctx, endpointID, asked, r.Clock.Now)
	if cognigy.IsKind(err, cognigy.NotFound) {
		listing, err = &plan.Listing{At: asked}, nil
	}
	if err != nil {
		return 0, err
	}
	lost := slices.DeleteFunc(slices.Clone(listing.Keys), func(key plan.Key) bool {
		return key.ID == kept || !plan.HasMarker(key.Name, r.marker(gone.key))
	})
	if len(lost) == 0 {
		return max(0, gone.last().over().Add(r.ListLag).Sub(listing.At)), nil
	}
	link.Owe(len(lost))
	if err = r.revokeBy(ctx, link, gone.key, lost); err != nil {
		return 0, err
	}
	return r.confirmations.When(gone.request()), nil
}

// linkOf returns the client of the connection that the latest POST went by, with its current credentials; or, if that is gone, the
// one that it had then.
func (r *EndpointAPIKeyReconciler) linkOf(ctx context.Context, gone minter) *connection.Link {
	found, _ := r.Connections.Find(ctx, gone.key) // permission that was taken back does not keep from revoking
	if found == nil || found.GetUID() != gone.connection {
		return gone.link
	}
	link, err := r.Connections.Link(ctx, found)
	if err != nil {
		return gone.link
	}
	return link
}
