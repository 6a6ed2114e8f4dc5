// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// deliveryWait is the time between two tries to write a Secret.
const deliveryWait = 500 * time.Millisecond

// issue makes a key and delivers it, in one go, since the plaintext cannot survive into another reconcile. Whatever stops it
// before the POST leaves nothing behind; whatever stops it after that leaves the intent, so that the key is found by its
// marker and revoked.
func (r *EndpointAPIKeyReconciler) issue(ctx context.Context, p *pass, next plan.Plan) error {
	link, err := r.link(ctx, p)
	if err != nil {
		return err
	}
	// Nothing is written before it is known that the Secret can be.
	if err := r.secured(ctx, p); err != nil {
		return err
	}
	if err := r.rehearse(ctx, p); err != nil {
		return err
	}
	if !controllerutil.ContainsFinalizer(p.key, v1alpha1.Finalizer) {
		if err := r.protect(ctx, p); err != nil {
			return err
		}
	}
	if err := r.intend(ctx, p, next); err != nil {
		return err
	}
	// From here on a shutdown must not interrupt: an answer that nobody reads is a key that nobody has.
	deadline := p.key.Status.Issuance.StartedAt.Add(p.timing.RequestTimeout)
	detached, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer cancel()
	issued, err := r.create(detached, p, link)
	if err != nil {
		return err
	}
	return r.deliver(detached, p, link, issued)
}

// errUnprotected: the finalizers that keep the connection and its credentials are not there yet.
var errUnprotected = errors.New("the connection is not protected from deletion yet")

// secured makes sure that the key can be revoked again: the connection and its credentials stay as long as this resource does.
// Both are read from the API server. Whoever lets go of them after that looks for resources first, and finds this one.
func (r *EndpointAPIKeyReconciler) secured(ctx context.Context, p *pass) error {
	found := p.connection.DeepCopyObject().(v1alpha1.Connection)
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(found), found); err != nil {
		return err
	}
	if !found.GetDeletionTimestamp().IsZero() {
		return &connection.Problem{
			Reason:  v1alpha1.ReasonConnectionNotReady,
			Message: fmt.Sprintf("the connection %q is being deleted, so that no key is issued through it; create it again", found.GetName()),
		}
	}
	credentials := &metav1.PartialObjectMetadata{}
	credentials.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	if err := r.Live.Get(ctx, r.Connections.SecretName(found), credentials); err != nil {
		return err
	}
	for _, needed := range []client.Object{found, credentials} {
		if !controllerutil.ContainsFinalizer(needed, v1alpha1.InUseFinalizer) {
			return errUnprotected
		}
	}
	return nil
}

// rehearse has the API server check the write of the Secret without doing it, so that quota, admission, permissions and
// foreign Secrets stop the issuance before a key exists.
func (r *EndpointAPIKeyReconciler) rehearse(ctx context.Context, p *pass) error {
	stand := strings.Repeat("0", 64)
	record := delivery.Record{
		OwnerUID: string(p.key.UID), EndpointID: p.key.Spec.Endpoint.ID, IssuedAt: r.Clock.Now(), KeyID: stand[:24], Preview: stand[:16],
	}
	_, err := r.write(ctx, p, delivery.Compose(p.secret, p.key, record, stand), client.DryRunAll)
	if err == nil {
		return nil
	}
	return refused(err, p.key.SecretName(), err.Error())
}

// write creates or updates the Secret. An update fails unless the Secret is still as it was read.
func (r *EndpointAPIKeyReconciler) write(ctx context.Context, p *pass, secret *corev1.Secret, dryRun ...client.UpdateOption) (*corev1.Secret, error) {
	if p.secret != nil {
		return secret, r.Update(ctx, secret, append(dryRun, client.FieldOwner(delivery.FieldManager))...)
	}
	create := []client.CreateOption{client.FieldOwner(delivery.FieldManager)}
	if len(dryRun) > 0 {
		create = append(create, client.DryRunAll)
	}
	return secret, r.Create(ctx, secret, create...)
}

// intend records under optimistic lock that a key is about to be made. A stale cache, an old leader, a deletion or a
// suspension that was not seen yet fail here.
func (r *EndpointAPIKeyReconciler) intend(ctx context.Context, p *pass, next plan.Plan) error {
	started := metav1.NewMicroTime(r.Clock.Now().Truncate(time.Microsecond))
	status := *p.key.Status.DeepCopy()
	status.Issuance = &v1alpha1.Issuance{StartedAt: started}
	status.ObservedGeneration = p.key.Generation
	setConditions(&status.Conditions, p.key.Generation, r.Clock.Now(), conditions(next, nil, p.key))
	return r.patchStatus(ctx, p, status)
}

// create sends the POST, once. The intent is dropped if the answer proves that there is no key.
func (r *EndpointAPIKeyReconciler) create(ctx context.Context, p *pass, link *connection.Link) (*cognigy.IssuedKey, error) {
	marker := r.marker(p.key)
	r.mints.start(p.key.UID, p.key.Status.Issuance.StartedAt.Time)
	issued, err := link.CreateKey(ctx, p.key.Spec.Endpoint.ID, plan.KeyName(displayName(p.key), marker))
	failure := cognigy.AsError(err)
	if err == nil || failure != nil && !failure.OutcomeUnknown {
		r.mints.end(p.key.UID, r.Clock.Now())
	}
	if err != nil {
		p.concluded = failure != nil && !failure.OutcomeUnknown
		return nil, err
	}
	logf.FromContext(ctx).Info("issued a key", "keyID", issued.ID, "keyPreview", issued.Preview)
	r.event(p.key, v1alpha1.EventIssued, "Issue", "issued key %s (%s)", issued.ID, issued.Preview)
	if !plan.HasMarker(issued.Name, marker) {
		return nil, r.discard(ctx, p, link, issued, &connection.Problem{
			Reason: v1alpha1.ReasonMarkerLost, Stalled: true,
			Message: "Cognigy gave the new key another name than the one asked for, so that the key could not be found again if it got lost; " +
				"it was revoked. Check what changes names on the way to Cognigy",
		})
	}
	return issued, nil
}

// deliver writes the Secret, again and again until the deadline if Kubernetes cannot. It never writes over what somebody else
// delivered. A key that was certainly not delivered is revoked. If a write may have been carried out, the intent stays, and a
// later pass sees what became of the key.
func (r *EndpointAPIKeyReconciler) deliver(ctx context.Context, p *pass, link *connection.Link, issued *cognigy.IssuedKey) error {
	record := delivery.Record{
		OwnerUID: string(p.key.UID), EndpointID: p.key.Spec.Endpoint.ID, KeyID: issued.ID, Preview: issued.Preview,
		IssuedAt: p.key.Status.Issuance.StartedAt.Time,
	}
	composed := delivery.Compose(p.secret, p.key, record, issued.Plaintext.Reveal())
	doubtful, last := r.writeUntil(ctx, p, composed)
	switch {
	case last == nil, r.delivered(context.WithoutCancel(ctx), p, record):
		r.event(p.key, v1alpha1.EventDelivered, "Deliver", "wrote key %s (%s) into Secret %s", issued.ID, issued.Preview, p.secret.Name)
		return nil
	case doubtful:
		return undelivered(last, "whether it was after all will be seen before another key is made")
	default:
		return r.discard(ctx, p, link, issued, undelivered(last, "so it was revoked; trying again"))
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
func (r *EndpointAPIKeyReconciler) delivered(ctx context.Context, p *pass, record delivery.Record) bool {
	before := p.secret
	if r.readSecret(ctx, p) == nil {
		read := delivery.Read(p.secret, p.key)
		if read.Intact && read.KeyID == record.KeyID {
			return true
		}
	}
	p.secret = before
	return false
}

// discard revokes a key that could not be delivered. The intent stays, so that a list is asked whether the key is gone.
func (r *EndpointAPIKeyReconciler) discard(ctx context.Context, p *pass, link *connection.Link, issued *cognigy.IssuedKey, why error) error {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.timing.RequestTimeout)
	defer cancel()
	if err := link.DeleteKey(detached, p.key.Spec.Endpoint.ID, issued.ID); err != nil {
		logf.FromContext(ctx).Error(err, "could not revoke a key that was not delivered; its intent is on record", "keyID", issued.ID)
		return why
	}
	logf.FromContext(ctx).Info("revoked a key that was not delivered", "keyID", issued.ID, "keyPreview", issued.Preview)
	r.event(p.key, v1alpha1.EventRevoked, "Revoke", "revoked key %s (%s), which was not delivered", issued.ID, issued.Preview)
	return why
}

func displayName(key *v1alpha1.EndpointAPIKey) string {
	if key.Spec.DisplayName != "" {
		return key.Spec.DisplayName
	}
	return plan.DefaultDisplayName(key.Namespace, key.Name)
}
