// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

const (
	// writeInterval is the time between two tries to write a Secret.
	writeInterval = 500 * time.Millisecond
	// readBackTimeout bounds the read that follows a failed write.
	readBackTimeout = 5 * time.Second
)

// deliver writes the Secret, again and again until the attempt's deadline, and never over what another attempt delivered. The
// planner decides what became of the key (plan.Write): deliver revokes one that was certainly not delivered, and leaves the
// intent where that is unknown, so that a later reconcile finds out.
func (r *Reconciler) deliver(ctx context.Context, s *scope, session *connection.Session, issued *cognigy.IssuedKey) error {
	record := delivery.Record{
		OwnerUID: string(s.key.UID), EndpointID: s.endpointID, KeyID: issued.ID, Preview: issued.Preview,
		IssuedAt: s.key.Status.Issuance.StartedAt.Time,
	}
	composed := delivery.Compose(s.secret, s.key, record, issued.Plaintext.Reveal())
	outcomeUnknown, last := r.writeUntilDeadline(ctx, s, composed)
	write := plan.Write{Confirmed: last == nil, OutcomeUnknown: outcomeUnknown}
	if last != nil {
		// An earlier try may have succeeded without an answer: client-go repeats some by itself.
		write.Recorded, write.ReadBack = r.readBack(ctx, s, record)
	}
	switch write.Delivery() {
	case plan.KeyDelivered:
		r.emit(ctx, s.key, issued.ID, v1alpha1.EventDelivered, "Deliver", "issued key %s (%s) and wrote it into Secret %s",
			issued.ID, issued.Preview, s.secret.Name)
		return nil
	case plan.KeyUndelivered:
		r.emitIssued(s, issued)
		return undelivered(last, r.revokeUndelivered(ctx, s, session, issued)+"; the operator tries again")
	default:
		r.emitIssued(s, issued)
		return undelivered(last, "before it issues another key, the operator verifies whether the Secret got this one after all")
	}
}

// writeUntilDeadline writes the Secret until that succeeds, is refused, or the context's deadline has passed. It returns
// whether any try may have been carried out in spite of its error, and the last error.
func (r *Reconciler) writeUntilDeadline(ctx context.Context, s *scope, composed *corev1.Secret) (outcomeUnknown bool, last error) {
	deadline, _ := ctx.Deadline()
	err := wait.PollUntilContextCancel(ctx, writeInterval, true, func(ctx context.Context) (bool, error) {
		// The timers of a process that was paused may not have fired yet.
		if !r.Clock.Now().Before(deadline) {
			return false, context.DeadlineExceeded
		}
		written, err := r.write(ctx, s, composed.DeepCopy())
		if last = err; err == nil {
			s.setSecret(written)
			return true, nil
		}
		if isRefusal(err) || apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) {
			return false, err
		}
		outcomeUnknown = true
		return false, nil
	})
	if err != nil && last == nil {
		last = err
	}
	return outcomeUnknown, last
}

// readBack reads whether the Secret holds the record, in spite of the deadline. The scope keeps the Secret only if it does.
func (r *Reconciler) readBack(ctx context.Context, s *scope, record delivery.Record) (recorded, read bool) {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), readBackTimeout)
	defer cancel()
	before := s.secret
	if err := r.readSecret(detached, s); err != nil {
		return false, false
	}
	if found := delivery.Read(s.secret, s.key); found.Intact && found.KeyID == record.KeyID {
		return true, true
	}
	s.setSecret(before)
	return false, true
}
