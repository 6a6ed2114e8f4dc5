// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
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
	// lateWrite is how long a write of the Secret may take for its times to count.
	lateWrite = time.Second
)

// deliver writes the Secret, again and again until the attempt's deadline, and never over what another attempt delivered. The
// planner decides what became of the key (plan.Write): deliver revokes one that was certainly not delivered, and leaves the
// intent where that is unknown, so that a later reconcile finds out.
func (r *Reconciler) deliver(
	ctx context.Context, s *scope, session *connection.Session, issued *cognigy.IssuedKey, next plan.Plan,
) error {
	record := delivery.Record{
		OwnerUID: string(s.key.UID), EndpointID: s.endpointID, KeyID: issued.ID, Preview: issued.Preview,
		IssuedAt: s.key.Status.Issuance.StartedAt.Time, Retiring: next.Retire, Replacement: next.Replaces,
	}
	started := r.Clock.Now()
	outcomeUnknown, last := r.writeUntilDeadline(ctx, s, record, issued.Plaintext)
	write := plan.Write{Confirmed: last == nil, OutcomeUnknown: outcomeUnknown}
	if last != nil {
		// An earlier try may have succeeded without an answer: client-go repeats some by itself.
		write.Recorded, write.ReadBack = r.readBack(ctx, s, record)
	}
	became := write.Delivery()
	r.issuances.end(s.key, became.Outcome(isRefusal(last)))
	switch became {
	case plan.KeyDelivered:
		r.Metrics.Delivered(s.key)
		r.audit(ctx, s, s.attemptLine(audit.Delivered, next, issued.ID, next.Why))
		r.auditRotated(ctx, s, next, s.issuanceReason(next), issued.ID)
		r.emit(s.key, issued.ID, v1alpha1.EventDelivered, "Deliver", "issued key %s (%s) and wrote it into Secret %s",
			issued.ID, issued.Preview, s.secret.Name)
		for _, left := range next.Left {
			r.audit(ctx, s, audit.Line{Action: audit.Left, Reason: audit.ReasonFormer, KeyID: left.KeyID, ReplacedBy: issued.ID, Secret: s.secret.Name})
			r.warn(s.key, left.KeyID, v1alpha1.EventLeft, "Issue", fmt.Sprintf("Secret %s held key %s (%s), which another cluster, namespace or "+
				"resource owns; the operator leaves that key alone: revoke it in Cognigy if nothing uses it", s.secret.Name, left.KeyID, left.Preview))
		}
		return r.stampLate(ctx, s, started, next)
	case plan.KeyUndelivered:
		r.audit(ctx, s, s.attemptLine(audit.Undelivered, next, issued.ID, reasonFor(last)))
		r.emitIssued(s, issued)
		return undelivered(last, r.revokeUndelivered(ctx, s, session, issued)+"; the operator tries again")
	default:
		r.audit(ctx, s, s.attemptLine(audit.Undelivered, next, issued.ID, "the Secret may have the key after all: "+reasonFor(last)))
		r.emitIssued(s, issued)
		return undelivered(last, "before it issues another key, the operator verifies whether the Secret got this one after all")
	}
}

// writeUntilDeadline writes the Secret until that succeeds, is refused, or the context's deadline has passed. Where something else
// changed the Secret, it writes onto what is there now, as long as that is the same record. It returns whether any try may have been
// carried out in spite of its error, and the last error.
func (r *Reconciler) writeUntilDeadline(
	ctx context.Context, s *scope, record delivery.Record, plaintext cognigy.Sensitive,
) (outcomeUnknown bool, last error) {
	deadline, _ := ctx.Deadline()
	err := wait.PollUntilContextCancel(ctx, writeInterval, true, func(ctx context.Context) (bool, error) {
		// The timers of a process that was paused may not have fired yet.
		if !r.Clock.Now().Before(deadline) {
			return false, context.DeadlineExceeded
		}
		written, err := s.compose(record, plaintext.Reveal(), r.Clock.Now())
		if err == nil {
			written, err = r.write(ctx, s, written)
		}
		if last = err; err == nil {
			s.setSecret(written)
			return true, nil
		}
		switch {
		case isRefusal(err):
			return false, err
		case apierrors.IsAlreadyExists(err), apierrors.IsConflict(err):
			if same, _ := r.readIf(ctx, s, delivery.Read(s.secret, s.key).SameRecord); !same {
				return false, err
			}
			return false, nil
		}
		outcomeUnknown = true
		return false, nil
	})
	if err != nil && last == nil {
		last = err
	}
	return outcomeUnknown, last
}

// stampLate writes anew when keys were replaced, if the write that replaced them took so long that their overlap would be
// too short.
func (r *Reconciler) stampLate(ctx context.Context, s *scope, started time.Time, next plan.Plan) error {
	if len(next.Retire) == 0 || r.Clock.Now().Sub(started) < lateWrite {
		return nil
	}
	return r.renew(ctx, s, next)
}

// readIf reads the Secret anew. The scope keeps what was read only if it is as wanted.
func (r *Reconciler) readIf(ctx context.Context, s *scope, wanted func(plan.Secret) bool) (is, read bool) {
	before := s.secret
	if err := r.readSecret(ctx, s); err != nil {
		return false, false
	}
	if wanted(delivery.Read(s.secret, s.key)) {
		return true, true
	}
	s.setSecret(before)
	return false, true
}

// readBack reads whether the Secret holds a key's record, in spite of the deadline.
func (r *Reconciler) readBack(ctx context.Context, s *scope, record delivery.Record) (recorded, read bool) {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), readBackTimeout)
	defer cancel()
	return r.readIf(detached, s, func(found plan.Secret) bool { return found.Intact && found.KeyID == record.KeyID })
}
