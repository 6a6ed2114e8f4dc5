// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

const (
	// deliveryWait is the time between two tries to write a Secret.
	deliveryWait = 500 * time.Millisecond
	// readBackTimeout bounds the look whether a write that failed was carried out after all.
	readBackTimeout = 5 * time.Second
)

// deliver writes the Secret, again and again until the deadline if Kubernetes cannot. It never writes over what somebody else
// delivered. A key that was certainly not delivered is revoked. If a write may have been carried out, the intent stays, and a
// later pass sees what became of the key.
func (r *EndpointAPIKeyReconciler) deliver(ctx context.Context, p *pass, link *connection.Link, issued *cognigy.IssuedKey) error {
	record := delivery.Record{
		OwnerUID: string(p.key.UID), EndpointID: p.key.Spec.Endpoint.ID, KeyID: issued.ID, Preview: issued.Preview,
		IssuedAt: p.key.Status.Issuance.StartedAt.Time,
	}
	composed := delivery.Compose(p.secret, p.key, record, issued.Plaintext.Reveal())
	inDoubt, last := r.writeUntil(ctx, p, composed)
	write := plan.Write{Confirmed: last == nil, InDoubt: inDoubt}
	if last != nil {
		var unread error
		// An earlier try may have been carried out without our seeing the answer: client-go repeats some by itself.
		write.Recorded, unread = r.delivered(ctx, p, record)
		write.ReadBack = unread == nil
	}
	switch write.Delivery() {
	case plan.KeyDelivered:
		r.event(p.key, issued.ID, v1alpha1.EventDelivered, "Deliver", "wrote key %s (%s) into Secret %s", issued.ID, issued.Preview, p.secret.Name)
		return nil
	case plan.KeyUndelivered:
		return undelivered(last, r.discard(ctx, p, link, issued)+"; trying again")
	default:
		return undelivered(last, "whether it was after all will be seen before another key is made")
	}
}

// writeUntil writes the Secret until that succeeds, is refused, or the context's deadline has passed: who is late gives up. It
// returns whether any try may have been carried out in spite of its error, and the last error.
func (r *EndpointAPIKeyReconciler) writeUntil(ctx context.Context, p *pass, composed *corev1.Secret) (doubtful bool, last error) {
	deadline, _ := ctx.Deadline()
	err := wait.PollUntilContextCancel(ctx, deliveryWait, true, func(ctx context.Context) (bool, error) {
		// A process that was paused has not been told by its timers yet.
		if !r.Clock.Now().Before(deadline) {
			return false, context.DeadlineExceeded
		}
		written, err := r.write(ctx, p, composed.DeepCopy())
		if last = err; err == nil {
			p.secret = written
			return true, nil
		}
		if refusal(err) || apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) {
			return false, err
		}
		doubtful = true
		return false, nil
	})
	if err != nil && last == nil {
		last = err
	}
	return doubtful, last
}

// delivered tells whether the Secret holds the record.
func (r *EndpointAPIKeyReconciler) delivered(ctx context.Context, p *pass, record delivery.Record) (bool, error) {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), readBackTimeout)
	defer cancel()
	before := p.secret
	if err := r.readSecret(detached, p); err != nil {
		p.secret = before
		return false, err
	}
	if read := delivery.Read(p.secret, p.key); read.Intact && read.KeyID == record.KeyID {
		return true, nil
	}
	p.secret = before
	return false, nil
}

// discard revokes a key that was not delivered, and says how that went. The intent stays, so that a list is asked whether the
// key is gone.
func (r *EndpointAPIKeyReconciler) discard(ctx context.Context, p *pass, link *connection.Link, issued *cognigy.IssuedKey) string {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.timing.RequestTimeout)
	defer cancel()
	if err := link.DeleteKey(detached, p.key.Spec.Endpoint.ID, issued.ID); err != nil {
		logf.FromContext(ctx).Error(err, "could not revoke a key that was not delivered", "keyID", issued.ID)
		left := fmt.Sprintf("key %s could not be revoked: should Cognigy still show it in some minutes, revoke it there", issued.ID)
		r.Events.Eventf(p.key, related(p.key, issued.ID), corev1.EventTypeWarning, v1alpha1.EventNotRevoked, "Revoke", "%s", left)
		return left
	}
	logf.FromContext(ctx).Info("revoked a key that was not delivered", "keyID", issued.ID, "keyPreview", issued.Preview)
	r.event(p.key, issued.ID, v1alpha1.EventRevoked, "Revoke", "revoked key %s (%s), which was not delivered", issued.ID, issued.Preview)
	return fmt.Sprintf("key %s was revoked", issued.ID)
}
