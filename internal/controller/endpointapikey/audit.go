// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// audit tells what happened to a key of the scope's resource.
func (r *Reconciler) audit(ctx context.Context, s *scope, line audit.Line) {
	line.Kind, line.Namespace, line.Name, line.UID = "EndpointAPIKey", s.key.Namespace, s.key.Name, string(s.key.UID)
	line.Generation = s.key.Generation
	line.Connection = string(s.key.Spec.ConnectionRef.Kind) + "/" + string(s.key.Spec.ConnectionRef.Name)
	if line.EndpointID == "" {
		line.EndpointID = s.endpointOf(line.KeyID)
	}
	r.Audit.Record(ctx, line)
}

// attemptLine is a line about the key of an attempt.
func (s *scope) attemptLine(action audit.Action, next plan.Plan, keyID, detail string) audit.Line {
	return audit.Line{
		Action: action, Reason: s.issuanceReason(next), Detail: detail, KeyID: keyID, Attempt: attemptTime(s.key.Status.Issuance.StartedAt.Time),
		Secret: s.key.SecretName().Name,
	}
}

// attemptTime is how lines name an attempt.
func attemptTime(startedAt time.Time) string { return startedAt.UTC().Format(metav1.RFC3339Micro) }

// issuanceReason is why a plan issues a key.
func (s *scope) issuanceReason(next plan.Plan) audit.Reason {
	switch {
	case next.State == plan.Rotating:
		return audit.ReasonRotation
	case s.observed.Reported.KeyID == "" && s.observed.Secret.State == plan.SecretAbsent:
		return audit.ReasonNew
	default:
		return audit.ReasonNoKey
	}
}

// failedAttempt is the line about a POST without a new key in its answer.
func (s *scope) failedAttempt(next plan.Plan, err error) audit.Line {
	failure := cognigy.AsError(err)
	switch {
	case failure == nil:
		return s.attemptLine(audit.Unanswered, next, "", "")
	case failure.OutcomeUnknown:
		return s.attemptLine(audit.Unanswered, next, "", failure.Error())
	default:
		return s.attemptLine(audit.Refused, next, "", failure.Error())
	}
}

// auditRotated tells of the keys that are replaced with the write of the Secret that was carried out.
func (r *Reconciler) auditRotated(ctx context.Context, s *scope, next plan.Plan, reason audit.Reason, by string) {
	for _, replaced := range next.Retire {
		if replaced.ReplacedAt.IsZero() {
			r.audit(ctx, s, audit.Line{
				Action: audit.Rotated, Reason: reason, Detail: next.Why, KeyID: replaced.KeyID, ReplacedBy: by, Secret: s.secret.Name,
				FormerUID: replaced.FormerUID,
			})
		}
	}
}

// auditRevocation tells how a DELETE went.
func (r *Reconciler) auditRevocation(ctx context.Context, s *scope, reason audit.Reason, keyID, why string, failure error) {
	line := audit.Line{Action: audit.Revoked, Reason: reason, Detail: why, KeyID: keyID}
	if failure != nil {
		line.Action, line.Detail = audit.NotRevoked, failure.Error()
	}
	r.audit(ctx, s, line)
}

// revocationReason is why a plan revokes a key.
func (s *scope) revocationReason(next plan.Plan, keyID string) audit.Reason {
	switch {
	case s.deleted || !s.key.DeletionTimestamp.IsZero():
		return audit.ReasonDeleted
	case slices.ContainsFunc(next.Retiring, func(key plan.RetiringKey) bool { return key.KeyID == keyID }):
		return audit.ReasonReplaced
	default:
		return audit.ReasonUndelivered
	}
}

// auditFound tells of the key that the status names from now on, if this process did not deliver it and did not take it over: another one
// did so and ended before it could tell, or the answer to the write was lost.
func (r *Reconciler) auditFound(ctx context.Context, s *scope, before string) {
	if s.key.Status.KeyID == "" || s.key.Status.KeyID == before || s.recorded || r.delivered(s.key, s.observed.Secret.IssuedAt) {
		return
	}
	line := audit.Line{
		Action: audit.Delivered, Reason: audit.ReasonFound, KeyID: s.key.Status.KeyID, Attempt: attemptTime(s.observed.Secret.IssuedAt),
		Secret: s.secret.Name, FormerUID: s.secret.Annotations[v1alpha1.FormerOwnerUIDAnnotation],
	}
	if line.FormerUID != "" {
		line.Action = audit.Adopted
	}
	r.audit(ctx, s, line)
}

// delivered reports whether this process knows that it delivered the key of an attempt.
func (r *Reconciler) delivered(key *v1alpha1.EndpointAPIKey, attempt time.Time) bool {
	return slices.ContainsFunc(r.issuances.of(key).attempts, func(own plan.Attempt) bool {
		return own.StartedAt.Equal(attempt) && own.Outcome == plan.OutcomeDelivered
	})
}
