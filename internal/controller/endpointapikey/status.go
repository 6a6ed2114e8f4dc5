// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// maxRetiring is how many replaced keys the API server accepts in a status.
const maxRetiring = 100

// report writes the status if it changed, and emits an event if something new is in the way.
func (r *Reconciler) report(ctx context.Context, s *scope, next plan.Plan, err error) error {
	if err == nil && next.State == plan.Delivered {
		err = s.nextObstacle()
	}
	failure := nameFailure(err, s.key)
	if err != nil && failure == nil {
		return nil // Kubernetes fails, so that the operator does not know the state that it would report
	}
	if failure != nil && !failure.Stalled && next.State == plan.Delivered {
		failure = nil // a drift check that failed says nothing about the key; the connection reports the failure
	}
	before := s.key.Status
	status := newStatus(s, next, failure, r.Clock.Now())
	if err := r.reportName(ctx, s, &status); err != nil {
		return err
	}
	if equality.Semantic.DeepEqual(status, before) {
		return nil
	}
	if err := r.patchStatus(ctx, s, status); err != nil {
		return err
	}
	r.countFirst(s.key, before)
	r.auditFound(ctx, s, before.KeyID)
	r.emitTrouble(s.key, before.Conditions, status.Conditions)
	return nil
}

// nextObstacle is what will be in the way of the next key, while nothing needs one; nil if nothing is known.
func (s *scope) nextObstacle() error {
	if s.unpermitted() {
		return s.blocked
	}
	_, malformed := s.rotation()
	return malformed
}

// newStatus computes the status from a plan and a failure, which may be nil.
func newStatus(s *scope, next plan.Plan, failure *condition.Failure, now time.Time) v1alpha1.EndpointAPIKeyStatus {
	before := s.key.DeepCopy().Status
	status := v1alpha1.EndpointAPIKeyStatus{
		ObservedGeneration:     s.key.Generation,
		EndpointID:             before.EndpointID,
		LastHandledReconcileAt: before.LastHandledReconcileAt,
		LastHandledRotateAt:    before.LastHandledRotateAt,
		KeyID:                  before.KeyID,
		KeyPreview:             before.KeyPreview,
		IssuedAt:               before.IssuedAt,
		SecretName:             before.SecretName,
		Binding:                before.Binding,
		UnsettledUntil:         microTime(next.UnsettledUntil),
		FormerOwnerUIDs:        before.FormerOwnerUIDs,
		Conditions:             before.Conditions,
	}
	// Later it is the evidence that keys may have been issued for the resource.
	permitted := s.blocked == nil || s.undecided() && s.observed.Fresh && next.HasKey
	if s.connection != nil && permitted && s.proven {
		status.EndpointID = s.endpointID
	}
	if s.observed.Fresh {
		status.LastHandledReconcileAt = kube.RequestedAt(s.key)
	}
	if next.IntentPending {
		status.Issuance = before.Issuance
	}
	if next.Reports {
		s.reportKey(&status)
	}
	if next.Reports && len(next.Retiring) == 0 {
		status.FormerOwnerUIDs = nil
	}
	s.nameFormers(&status)
	if next.HasKey && !next.RotatesAt.IsZero() {
		rotatesAt := metav1.NewTime(next.RotatesAt).Rfc3339Copy()
		status.RotatesAt = &rotatesAt
	}
	for _, key := range next.Retiring[:min(len(next.Retiring), maxRetiring)] {
		status.Retiring = append(status.Retiring, s.retiringKey(key))
	}
	condition.Set(&status.Conditions, s.key.Generation, now, append(conditions(next, failure, s.key), s.rolloutPending(next)...))
	return status
}

// reportKey names the Secret's key, and the request for it if there was one.
func (s *scope) reportKey(status *v1alpha1.EndpointAPIKeyStatus) {
	issuedAt := metav1.NewTime(s.observed.Secret.IssuedAt).Rfc3339Copy()
	status.KeyID, status.KeyPreview, status.IssuedAt = s.observed.Secret.KeyID, delivery.Preview(s.secret), &issuedAt
	status.SecretName, status.Binding = s.secret.Name, &v1alpha1.ServiceBinding{Name: s.secret.Name}
	if requested := s.observed.Rotation.Requested; !requested.IsZero() && !s.observed.Secret.IssuedAt.Before(requested) {
		status.LastHandledRotateAt = kube.RotateRequestedAt(s.key)
	}
}

func microTime(at time.Time) *metav1.MicroTime {
	if at.IsZero() {
		return nil
	}
	return new(metav1.NewMicroTime(at.Truncate(time.Microsecond)))
}

func (s *scope) retiringKey(key plan.RetiringKey) v1alpha1.RetiringKey {
	return v1alpha1.RetiringKey{
		KeyID: key.KeyID, KeyPreview: key.Preview, ReplacedAt: metav1.NewTime(key.ReplacedAt).Rfc3339Copy(),
		RevokeAt: metav1.NewTime(s.observed.RevokedAt(key)).Rfc3339Copy(),
	}
}

// conditions says how far the resource is: Ready always, Reconciling or Stalled while there is more to do, RenewalBlocked while
// something keeps the operator from replacing a key that works.
func conditions(next plan.Plan, failure *condition.Failure, key *v1alpha1.EndpointAPIKey) []metav1.Condition {
	state := stateReason(next, key)
	working := next.HasKey && next.State != plan.Revoking
	settled := next.State == plan.Delivered || next.State == plan.Suspended
	switch {
	case failure != nil:
	case state.Stalled:
		failure = &state
	case next.State == plan.TooManyIssuances:
		if failure = lastSetback(key); failure == nil {
			failure = &state
		}
	case !settled && next.State != plan.Revoking:
		failure = lastSetback(key)
	}
	ready := readiness(working, state, failure, key)
	switch {
	case failure != nil && working:
		return []metav1.Condition{ready, condition.RenewalBlocked(failure)}
	case failure != nil:
		return []metav1.Condition{ready, condition.StalledOrReconciling(failure)}
	case settled:
		return []metav1.Condition{ready}
	default:
		return []metav1.Condition{ready, condition.StalledOrReconciling(&state)}
	}
}

// lastSetback is what the status says of the latest attempt that failed, or nil. Until another one succeeds, it stays the reason: that
// the operator waits before the next one, or finds out what became of the last one, is no progress yet.
func lastSetback(key *v1alpha1.EndpointAPIKey) *condition.Failure {
	if blocked := condition.Find(key.Status.Conditions, v1alpha1.ConditionRenewalBlocked); blocked.Status == metav1.ConditionTrue {
		return condition.Waiting(blocked.Reason, "%s", blocked.Message)
	}
	reconciling := condition.Find(key.Status.Conditions, v1alpha1.ConditionReconciling)
	switch reconciling.Reason {
	case v1alpha1.ReasonUnexpectedAnswer, v1alpha1.ReasonUnavailable, v1alpha1.ReasonRateLimited, v1alpha1.ReasonConflict:
		return condition.Waiting(reconciling.Reason, "%s", reconciling.Message)
	}
	stalled := condition.Find(key.Status.Conditions, v1alpha1.ConditionStalled)
	switch stalled.Reason {
	case "", v1alpha1.ReasonSecretNotOwned, v1alpha1.ReasonNewerRecord, v1alpha1.ReasonEndpointNotFound,
		v1alpha1.ReasonEndpointAmbiguous, v1alpha1.ReasonEndpointChanged:
		return nil // what the operator sees says whether that still is so
	default:
		return condition.Stalled(stalled.Reason, "%s", stalled.Message)
	}
}

// readiness is the condition Ready: True while the Secret holds a working key, whatever else fails.
func readiness(working bool, state condition.Failure, failure *condition.Failure, key *v1alpha1.EndpointAPIKey) metav1.Condition {
	switch {
	case working && failure != nil:
		return condition.Ready(true, v1alpha1.ReasonDelivered, holdsKey(key)+". But "+failure.Message)
	case working && state.Reason != v1alpha1.ReasonSuspended:
		return condition.Ready(true, v1alpha1.ReasonDelivered, holdsKey(key))
	case failure != nil:
		return condition.Ready(false, failure.Reason, failure.Message)
	default:
		return condition.Ready(working, state.Reason, state.Message)
	}
}
