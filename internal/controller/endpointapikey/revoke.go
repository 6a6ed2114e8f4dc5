// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// maxRevocations is how many keys one reconcile revokes: names of keys can be forged, and whoever does so must not use up what
// others may send.
const maxRevocations = 10

// revoke revokes keys; only a later list proves that they are gone. One that fails does not keep it from the others, unless
// Cognigy limits the rate.
func (r *Reconciler) revoke(ctx context.Context, s *scope, next plan.Plan) error {
	keys := slices.Clone(next.Revoke)
	// Those that fail must not be the first each time.
	rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] }) //nolint:gosec // an order is no secret
	keys = keys[:min(len(keys), maxRevocations)]
	session, err := r.session(ctx, s, len(keys))
	if err != nil {
		return err
	}
	var failures []error
	for _, key := range keys {
		reason := s.revocationReason(next, key.ID)
		if err := session.DeleteKey(ctx, s.endpointOf(key.ID), key.ID); err != nil {
			if cognigy.IsKind(err, cognigy.RateLimited) {
				return err
			}
			r.auditRevocation(ctx, s, reason, key.ID, "", err)
			failures = append(failures, err)
			continue
		}
		r.Metrics.Revoked(s.key, reason)
		r.auditRevocation(ctx, s, reason, key.ID, next.Why, nil)
		r.emit(s.key, key.ID, v1alpha1.EventRevoked, "Revoke", "revoked key %s (%s)", key.ID, key.Preview)
		if len(next.Late) > 0 {
			r.warn(s.key, key.ID, v1alpha1.EventRolloutLate, "Revoke", fmt.Sprintf("key %s (%s) was revoked although %s had not restarted with key %s: "+
				"restart what still uses the old key", key.ID, key.Preview, condition.Enumerate(next.Late), s.observed.Secret.KeyID))
		}
	}
	return errors.Join(failures...)
}

// revokeUndelivered revokes a key that was not delivered, and says how that went. The intent stays, so that a later list
// shows whether the key is gone.
func (r *Reconciler) revokeUndelivered(ctx context.Context, s *scope, session *connection.Session, issued *cognigy.IssuedKey) string {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timing.RequestTimeout)
	defer cancel()
	err := session.DeleteKey(detached, s.endpointID, issued.ID)
	r.auditRevocation(ctx, s, audit.ReasonUndelivered, issued.ID, "", err)
	if err != nil {
		logf.FromContext(ctx).Error(err, "could not revoke a key that was not delivered", "keyID", issued.ID)
		note := fmt.Sprintf("key %s could not be revoked: if Cognigy still shows it in some minutes, revoke it there", issued.ID)
		r.warn(s.key, issued.ID, v1alpha1.EventNotRevoked, "Revoke", note)
		return note
	}
	r.Metrics.Revoked(s.key, audit.ReasonUndelivered)
	r.emit(s.key, issued.ID, v1alpha1.EventRevoked, "Revoke", "revoked key %s (%s), which was not delivered", issued.ID, issued.Preview)
	return fmt.Sprintf("key %s was revoked", issued.ID)
}
