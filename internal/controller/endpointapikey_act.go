// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// act carries out the action of a plan, and leaves the objects of the pass as they are after it.
func (r *EndpointAPIKeyReconciler) act(ctx context.Context, p *pass, next plan.Plan) error {
	switch next.Do {
	case plan.AddFinalizer:
		return r.protect(ctx, p)
	case plan.Issue:
		return r.issue(ctx, p, next)
	case plan.Repair:
		return r.repair(ctx, p)
	case plan.Revoke:
		return r.revoke(ctx, p, next.Revoke)
	case plan.Finalize:
		return r.letGo(ctx, p, next.DeleteSecret)
	case plan.Retain:
		return r.retain(ctx, p)
	default:
		return fmt.Errorf("there is no action %q", next.Do)
	}
}

// protect persists the finalizer, which precedes the first POST, ever.
func (r *EndpointAPIKeyReconciler) protect(ctx context.Context, p *pass) error {
	return r.patchKey(ctx, p, func(key *v1alpha1.EndpointAPIKey) { controllerutil.AddFinalizer(key, v1alpha1.Finalizer) })
}

// repair writes the Secret without a new value.
func (r *EndpointAPIKeyReconciler) repair(ctx context.Context, p *pass) error {
	secret := delivery.Repair(p.secret, p.key)
	if err := r.Update(ctx, secret); err != nil {
		return r.secretError(err, p)
	}
	p.secret = secret
	if read := delivery.Read(secret, p.key); read.Outdated || read.Bound && p.observed.Retain {
		return changedBack("labels, annotations or owner", p.key)
	}
	return nil
}

// secretError is what to make of an error with a Secret that holds a plaintext.
func (r *EndpointAPIKeyReconciler) secretError(err error, p *pass) error {
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return err
	}
	return refused(err, p.key.SecretName(), reasonOf(err))
}

// revoke revokes keys. That they are gone is believed when a list no longer shows them.
func (r *EndpointAPIKeyReconciler) revoke(ctx context.Context, p *pass, keys []plan.Key) error {
	link, err := r.link(ctx, p)
	if err != nil {
		return err
	}
	return r.revokeBy(ctx, link, p.key, keys)
}

// revokeBy revokes keys of a resource by a client. One that fails does not keep the others from it.
func (r *EndpointAPIKeyReconciler) revokeBy(ctx context.Context, link *connection.Link, owner *v1alpha1.EndpointAPIKey, keys []plan.Key) error {
	var failures []error
	for _, key := range keys {
		if err := link.DeleteKey(ctx, owner.Spec.Endpoint.ID, key.ID); err != nil {
			failures = append(failures, err)
			if cognigy.IsKind(err, cognigy.RateLimited) {
				break
			}
			continue
		}
		logf.FromContext(ctx).Info("revoked a key", "keyID", key.ID, "keyPreview", key.Preview)
		r.event(owner, key.ID, v1alpha1.EventRevoked, "Revoke", "revoked key %s (%s)", key.ID, key.Preview)
	}
	return errors.Join(failures...)
}

// letGo deletes the Secret as it was read, and no other, and then lets go of the resource.
func (r *EndpointAPIKeyReconciler) letGo(ctx context.Context, p *pass, deleteSecret bool) error {
	if deleteSecret {
		read := client.Preconditions{UID: &p.secret.UID, ResourceVersion: &p.secret.ResourceVersion}
		if err := client.IgnoreNotFound(r.Delete(ctx, p.secret, read)); err != nil {
			return r.secretError(err, p)
		}
	}
	return r.release(ctx, p)
}

// retain leaves the key and the Secret to others.
func (r *EndpointAPIKeyReconciler) retain(ctx context.Context, p *pass) error {
	if p.observed.Secret.State == plan.SecretOurs {
		secret := delivery.Detach(p.secret, p.key)
		if err := r.Update(ctx, secret); err != nil {
			return r.secretError(err, p)
		}
		r.event(p.key, p.observed.Secret.KeyID, v1alpha1.EventRetained, "Retain", "left key %s (%s) and Secret %s as they are",
			p.observed.Secret.KeyID, delivery.Preview(secret), secret.Name)
	}
	return r.release(ctx, p)
}

func (r *EndpointAPIKeyReconciler) release(ctx context.Context, p *pass) error {
	err := r.patchKey(ctx, p, func(key *v1alpha1.EndpointAPIKey) { controllerutil.RemoveFinalizer(key, v1alpha1.Finalizer) })
	if err = client.IgnoreNotFound(err); err == nil {
		p.released = true
		r.mints.forget(p.key)
	}
	return err
}

// patchKey changes the resource if it is still as it was read.
func (r *EndpointAPIKeyReconciler) patchKey(ctx context.Context, p *pass, change func(*v1alpha1.EndpointAPIKey)) error {
	changed := p.key.DeepCopy()
	change(changed)
	if err := r.Patch(ctx, changed, client.MergeFromWithOptions(p.key, client.MergeFromWithOptimisticLock{})); err != nil {
		return err
	}
	p.key = changed
	return nil
}

// patchStatus changes the status if the resource is still as it was read.
func (r *EndpointAPIKeyReconciler) patchStatus(ctx context.Context, p *pass, status v1alpha1.EndpointAPIKeyStatus) error {
	changed := p.key.DeepCopy()
	changed.Status = status
	if err := r.Status().Patch(ctx, changed, client.MergeFromWithOptions(p.key,
		// mutation: intent-without-lock
		client.MergeFromWithOptimisticLock{})); err != nil {
		return err
	}
	p.key = changed
	return nil
}
