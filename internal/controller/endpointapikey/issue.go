// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/render"
)

// issue makes a key and delivers it in one go, since the plaintext cannot survive into another reconcile. A failure before the
// POST leaves nothing behind; one after it leaves the intent, so that the operator finds the key by its marker and revokes it.
func (r *Reconciler) issue(ctx context.Context, s *scope, next plan.Plan) error {
	session, err := r.reserve(ctx, s)
	if err != nil {
		return err
	}
	if err := r.checkEndpoint(ctx, s); err != nil {
		return err
	}
	if err := r.checkDependencies(ctx, s); err != nil {
		return err
	}
	// mutation: post-without-reading-endpoint
	if err := r.readPlace(ctx, s); err != nil {
		return err
	}
	// mutation: post-without-dry-run
	if err := r.dryRun(ctx, s, next); err != nil {
		return err
	}
	// mutation: post-without-finalizer
	if !controllerutil.ContainsFinalizer(s.key, v1alpha1.Finalizer) {
		if err := r.addFinalizer(ctx, s); err != nil {
			return err
		}
	}
	// Without an earlier request, Cognigy may meanwhile have told another resource to send none for a while.
	if s.acquired != nil {
		session.Charge(s.waiter(), 1)
	} else if err := r.acquire(s, session, 1); err != nil {
		return err
	}
	if err := r.recordIntent(ctx, s, next); err != nil {
		return err
	}
	// From here on a shutdown must not interrupt: without its answer, a key is lost.
	deadline := s.timing.Deadline(s.key.Status.Issuance.StartedAt.Time)
	detached, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer cancel()
	defer func() { r.issuances.stop(s.key, s.secretVersion()) }()
	issued, err := r.create(detached, s, session, next)
	if err != nil {
		return err
	}
	return r.deliver(detached, s, session, issued, next)
}

// dryRun has the API server check the write of the Secret without doing it, so that quota, admission, permissions and
// foreign Secrets stop the issuance before a key exists. So do templates that fail.
func (r *Reconciler) dryRun(ctx context.Context, s *scope, next plan.Plan) error {
	if isImmutable(s.secret) {
		return errImmutable(s.key)
	}
	if err := s.checkType(); err != nil {
		return err
	}
	plaintext, now := render.DummyKey, r.Clock.Now()
	record := delivery.Record{
		OwnerUID: string(s.key.UID), EndpointID: s.endpointID, IssuedAt: now, KeyID: plaintext[:24],
		Preview: plaintext[:4] + "••••••••" + plaintext[:4], Retiring: next.Retire, Replacement: next.Replaces,
	}
	// mutation: post-with-failing-template
	composed, err := s.compose(record, plaintext, now)
	if err != nil {
		return err
	}
	stored, err := r.write(ctx, s, composed, client.DryRunAll)
	switch {
	case err == nil && (!delivery.Read(stored, s.key).Intact || !delivery.Rendered(stored, s.key)):
		return errSecretMutated("data or annotations", s.key)
	// mutation: issue-into-immutable
	case err == nil && isImmutable(stored):
		return errMadeImmutable(s.key)
	case webhookWithoutDryRun(err) != "":
		return errDryRunUnsupported(webhookWithoutDryRun(err))
	case err == nil, apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
		return err
	case s.secret == nil:
		return secretRejected(err, s.key, err.Error()) // no plaintext is in sight yet
	default: // the refusal of an update may quote the old value
		return secretRejected(err, s.key, reasonFor(err))
	}
}

// write creates or updates the Secret. An update fails unless the Secret is still as it was read.
func (r *Reconciler) write(ctx context.Context, s *scope, secret *corev1.Secret, dryRun ...client.UpdateOption) (*corev1.Secret, error) {
	if s.secret != nil {
		return secret, r.Update(ctx, secret, dryRun...)
	}
	if len(dryRun) > 0 {
		return secret, r.Create(ctx, secret, client.DryRunAll)
	}
	return secret, r.Create(ctx, secret)
}

// recordIntent records under optimistic lock that a POST follows. A stale cache, an old leader, a deletion or a suspension
// that this reconcile has not seen fail here.
func (r *Reconciler) recordIntent(ctx context.Context, s *scope, next plan.Plan) error {
	started := metav1.NewMicroTime(r.Clock.Now().Truncate(time.Microsecond))
	deadline := metav1.NewMicroTime(s.timing.Deadline(started.Time))
	status := *s.key.Status.DeepCopy()
	status.Issuance = &v1alpha1.Issuance{
		StartedAt: started, EndpointID: s.endpointID, Deadline: &deadline, SecretVersion: s.observed.Secret.Version,
	}
	s.nameInherited(&status, next.Retire, r.Clock.Now())
	status.ObservedGeneration, status.UnsettledUntil = s.key.Generation, microTime(next.UnsettledUntil)
	// Where a person must act, another try is no progress yet.
	if !meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionStalled) {
		condition.Set(&status.Conditions, s.key.Generation, r.Clock.Now(), append(conditions(next, nil, s.key), s.rolloutPending(next)...))
	}
	// mutation: post-without-intent
	if err := r.patchStatus(ctx, s, status); err != nil {
		return err
	}
	if s.key.Status.Issuance == nil {
		return errOldCRD
	}
	return nil
}

// create sends the POST, once, within the request timeout: the rest of the attempt's time is for the delivery. A refusal ends the
// attempt. It counts all the same, since something in front of Cognigy may refuse after the effect.
func (r *Reconciler) create(ctx context.Context, s *scope, session *connection.Session, next plan.Plan) (*cognigy.IssuedKey, error) {
	marker := r.markers(s.key.Namespace, s.key.UID)[0]
	r.issuances.start(s.key, s.endpointID, session)
	attempt := s.key.Status.Issuance.StartedAt.Time
	request, cancel := context.WithDeadline(ctx, attempt.Add(s.timing.RequestTimeout))
	defer cancel()
	r.audit(ctx, s, s.attemptLine(audit.Attempted, next, "", next.Why))
	issued, err := session.CreateKey(request, s.endpointID, plan.KeyName(displayName(s.key), attempt, marker))
	if err != nil {
		r.noteFailure(s, err)
		r.audit(ctx, s, s.failedAttempt(next, err))
		return nil, err
	}
	r.issuances.answered(s.key, r.Clock.Now())
	r.Metrics.Issued(s.key)
	// mutation: log-plaintext
	r.audit(ctx, s, s.attemptLine(audit.Issued, next, issued.ID, next.Why))
	if !plan.HasMarker(issued.Name, marker) {
		r.issuances.end(s.key, plan.OutcomeRenamed)
		r.emitIssued(s, issued)
		return nil, condition.Stalled(v1alpha1.ReasonKeyNameChanged, "%s; %s", keyNameChanged, r.revokeUndelivered(ctx, s, session, issued))
	}
	return issued, nil
}

// noteFailure notes what a POST without a new key in its answer tells.
func (r *Reconciler) noteFailure(s *scope, err error) {
	failure := cognigy.AsError(err)
	switch {
	case failure != nil && !failure.OutcomeUnknown && failure.Status == 0:
		s.refuteIntent()
		r.issuances.drop(s.key)
	case failure != nil && !failure.OutcomeUnknown:
		s.refuteIntent()
		r.issuances.answered(s.key, r.Clock.Now())
		r.issuances.end(s.key, plan.OutcomeRefused)
	case failure != nil && failure.Kind == cognigy.Unexpected:
		r.issuances.end(s.key, plan.OutcomeUnproven)
	default:
		r.issuances.end(s.key, plan.OutcomeUnanswered)
	}
}

func displayName(key *v1alpha1.EndpointAPIKey) string {
	if key.Spec.DisplayName != "" {
		return key.Spec.DisplayName
	}
	return plan.DefaultDisplayName(key.Namespace, key.Name)
}
