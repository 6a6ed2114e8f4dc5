// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// finalize deletes the Secret as it was read, and no other, and then removes the finalizer. The resource may have become one whose
// Secret is to stay.
func (r *Reconciler) finalize(ctx context.Context, s *scope, deleteSecret bool) error {
	if deleteSecret {
		before := s.key.ResourceVersion
		if err := r.readKey(ctx, s); err != nil {
			return err
		}
		if s.key.ResourceVersion != before {
			return errReplaced
		}
		read := client.Preconditions{UID: &s.secret.UID, ResourceVersion: &s.secret.ResourceVersion}
		if err := client.IgnoreNotFound(r.Delete(ctx, s.secret, read)); err != nil {
			return rejected(err, s.key)
		}
	}
	return r.removeFinalizer(ctx, s)
}

// retain detaches the Secret, which keeps its key, and then removes the finalizer. The Secret of a deleted resource has no
// owner reference that could be removed in time. Warnings name every other key that works on: they come first, since nothing else
// tells of such a key afterwards.
func (r *Reconciler) retain(ctx context.Context, s *scope, next plan.Plan) error {
	r.warnOfLeft(ctx, s, next)
	if s.observed.Secret.State == plan.SecretOurs && s.observed.Secret.FormerUID == "" && !s.deleted {
		if _, err := r.rewrite(ctx, s, delivery.Detach(s.secret, s.key)); err != nil {
			return err
		}
		r.audit(ctx, s, audit.Line{
			Action: audit.Retained, Reason: audit.ReasonDeleted, Detail: next.Why, KeyID: s.observed.Secret.KeyID, Secret: s.secret.Name,
			Attempt: attemptTime(s.observed.Secret.IssuedAt),
		})
		r.emit(s.key, s.observed.Secret.KeyID, v1alpha1.EventRetained, "Retain", "left key %s (%s) and Secret %s as they are",
			s.observed.Secret.KeyID, delivery.Preview(s.secret), s.secret.Name)
	}
	return r.removeFinalizer(ctx, s)
}

// warnOfLeft names the keys that work on beside the Secret's, and, where no list answered, what may have made others.
func (r *Reconciler) warnOfLeft(ctx context.Context, s *scope, next plan.Plan) {
	for _, key := range next.Left {
		r.audit(ctx, s, audit.Line{Action: audit.Left, Reason: audit.ReasonDeleted, Detail: next.Why, KeyID: key.KeyID})
		r.warn(s.key, key.KeyID, v1alpha1.EventLeft, "Retain", fmt.Sprintf(
			"key %s (%s) of Endpoint %s works on although another one replaced it; revoke it in Cognigy, unless an EndpointAPIKey takes over "+
				"the Secret, which then revokes it", key.KeyID, key.Preview, s.endpointOf(key.KeyID)))
	}
	if next.LeftUncertain {
		r.audit(ctx, s, audit.Line{Action: audit.Left, Reason: audit.ReasonDeleted, Detail: "Cognigy did not tell in time which other keys work"})
		r.warn(s.key, "", v1alpha1.EventLeft, "Retain", fmt.Sprintf(
			"Cognigy did not tell in time which other keys of this resource work; on %s, revoke those whose names end with %q, "+
				"but the one that the Secret's annotations name%s", s.endpoint(), r.markers(s.key.Namespace, s.key.UID)[0], attempted(s.key)))
	}
}

// attempted names the attempt that the status records as pending, if there is one.
func attempted(key *v1alpha1.EndpointAPIKey) string {
	if key.Status.Issuance == nil {
		return ""
	}
	return "; an attempt to issue one began at " + key.Status.Issuance.StartedAt.UTC().Format(time.RFC3339)
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
