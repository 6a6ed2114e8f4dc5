// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"slices"
	"time"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// record writes the Secret's record anew, and takes the Secret over if it is from an earlier life of the resource. The key is this
// resource's to revoke from then on: so the connection has to stay.
func (r *Reconciler) record(ctx context.Context, s *scope, next plan.Plan) error {
	former, read := s.observed.Secret.FormerUID, s.observed.Secret
	if former == "" {
		if err := r.renew(ctx, s, next); err != nil {
			return err
		}
		r.auditRotated(ctx, s, next, audit.ReasonUnrecorded, read.KeyID)
		return nil
	}
	if err := r.checkDependencies(ctx, s); err != nil {
		return err
	}
	current := plan.RetiringKey{KeyID: read.KeyID, Preview: delivery.Preview(s.secret), FormerUID: former}
	status := *s.key.Status.DeepCopy()
	s.nameInherited(&status, append(next.Retire, current), r.Clock.Now())
	if err := r.patchStatus(ctx, s, status); err != nil {
		return err
	}
	if err := r.renew(ctx, s, next); err != nil {
		return err
	}
	r.audit(ctx, s, audit.Line{
		Action: audit.Adopted, Reason: audit.ReasonFormer, Detail: next.Why, KeyID: read.KeyID, Attempt: attemptTime(read.IssuedAt),
		Secret: s.secret.Name, FormerUID: former,
	})
	r.auditRotated(ctx, s, next, audit.ReasonFormer, read.KeyID)
	r.emit(s.key, read.KeyID, v1alpha1.EventAdopted, "Adopt", "took over key %s (%s) with Secret %s, which an earlier EndpointAPIKey "+
		"(UID %s) left", read.KeyID, current.Preview, s.secret.Name, former)
	return nil
}

// renew writes the Secret with a new record.
func (r *Reconciler) renew(ctx context.Context, s *scope, next plan.Plan) error {
	read, err := r.rewrite(ctx, s, delivery.Renew(s.secret, s.key, next.Retire, next.Replaces, r.Clock.Now()))
	if err != nil {
		return err
	}
	s.setRecorded()
	if !read.Intact || read.FormerUID != "" {
		return errSecretMutated("data or annotations", s.key)
	}
	return nil
}

// nameInherited adds to a status the keys of former owners that the next write of the Secret takes over, and those owners. Without the
// status, a Secret that is deleted right after that write would be the only word of them.
func (s *scope) nameInherited(status *v1alpha1.EndpointAPIKeyStatus, keys []plan.RetiringKey, now time.Time) {
	s.nameFormers(status)
	for _, key := range keys {
		named := slices.ContainsFunc(status.Retiring, func(known v1alpha1.RetiringKey) bool { return known.KeyID == key.KeyID })
		if key.FormerUID == "" || named || len(status.Retiring) == maxRetiring {
			continue
		}
		if key.ReplacedAt.IsZero() {
			key.ReplacedAt = now
		}
		status.Retiring = append(status.Retiring, s.retiringKey(key))
	}
}

// nameFormers adds to a status the former owners whose keys the Secret holds.
func (s *scope) nameFormers(status *v1alpha1.EndpointAPIKeyStatus) {
	for _, uid := range delivery.FormerOwners(s.secret, s.key) {
		if s.isFormer(uid) && !slices.Contains(status.FormerOwnerUIDs, uid) && len(status.FormerOwnerUIDs) < maxFormers {
			status.FormerOwnerUIDs = append(status.FormerOwnerUIDs, uid)
		}
	}
}

// maxFormers is how many former owners the API server accepts in a status.
const maxFormers = 16

func (s *scope) isFormer(uid string) bool {
	return slices.ContainsFunc(s.observed.Formers, func(former plan.Former) bool { return former.UID == uid })
}
