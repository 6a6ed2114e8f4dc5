// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// finalize deletes the Secret as it was read, and no other, and then removes the finalizer.
func (r *Reconciler) finalize(ctx context.Context, s *scope, deleteSecret bool) error {
	if deleteSecret {
		read := client.Preconditions{UID: &s.secret.UID, ResourceVersion: &s.secret.ResourceVersion}
		if err := client.IgnoreNotFound(r.Delete(ctx, s.secret, read)); err != nil {
			return rejected(err, s.key)
		}
	}
	return r.removeFinalizer(ctx, s)
}

// retain detaches the Secret, which keeps its key, and then removes the finalizer. The Secret of a deleted resource has no
// owner reference that could be removed in time.
func (r *Reconciler) retain(ctx context.Context, s *scope) error {
	if s.observed.Secret.State == plan.SecretOurs && !s.deleted {
		secret := delivery.Detach(s.secret, s.key)
		if err := r.Update(ctx, secret); err != nil {
			return rejected(err, s.key)
		}
		r.emit(ctx, s.key, s.observed.Secret.KeyID, v1alpha1.EventRetained, "Retain", "left key %s (%s) and Secret %s as they are",
			s.observed.Secret.KeyID, delivery.Preview(secret), secret.Name)
	}
	return r.removeFinalizer(ctx, s)
}

// removeFinalizer ends the operator's responsibility for the resource.
func (r *Reconciler) removeFinalizer(ctx context.Context, s *scope) error {
	if !s.deleted {
		err := r.patch(ctx, s, func(key *v1alpha1.EndpointAPIKey) { controllerutil.RemoveFinalizer(key, v1alpha1.Finalizer) })
		if client.IgnoreNotFound(err) != nil {
			return err
		}
	}
	s.setReleased()
	r.issuances.forget(s.key)
	return nil
}
