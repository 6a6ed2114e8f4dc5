// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
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

// readBackTimeout bounds the look whether a write that failed was carried out after all.
const readBackTimeout = 5 * time.Second

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
var errUnprotected = &connection.Problem{
	Reason:  v1alpha1.ReasonConnectionNotReady,
	Message: "the connection and its credentials Secret do not carry the finalizer yet that keeps them from deletion; if that lasts, find out what keeps the operator from changing the Secret's metadata",
}

// secured makes sure that the key can be revoked again: the connection and its credentials stay as long as this resource does.
// Both are read from the API server. Whoever lets go of them after that looks for resources first, and finds this one.
func (r *EndpointAPIKeyReconciler) secured(ctx context.Context, p *pass) error {
	found := p.connection.DeepCopyObject().(v1alpha1.Connection)
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(found), found); err != nil {
		return err
	}
	// Permission and address may have changed while Cognigy was asked.
	if _, err := r.Connections.Find(ctx, p.key); err != nil {
		return err
	}
	if found.GetUID() != p.connection.GetUID() || found.GetGeneration() != p.connection.GetGeneration() {
		return errGone
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
	switch {
	case err == nil, apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
		return err
	case p.secret == nil:
		return refused(err, p.key.SecretName(), err.Error())
	default: // what refuses an update has seen the old value, too
		return refused(err, p.key.SecretName(), reasonOf(err))
	}
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
	// Where a person must act, trying again is no progress yet.
	if !meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionStalled) {
		setConditions(&status.Conditions, p.key.Generation, r.Clock.Now(), conditions(next, nil, p.key))
	}
	return r.patchStatus(ctx, p, status)
}

// create sends the POST, once. The intent is dropped if the answer proves that there is no key.
func (r *EndpointAPIKeyReconciler) create(ctx context.Context, p *pass, link *connection.Link) (*cognigy.IssuedKey, error) {
	marker := r.marker(p.key)
	r.mints.start(p.key.UID, p.key.Status.Issuance.StartedAt.Time)
	issued, err := link.CreateKey(ctx, p.key.Spec.Endpoint.ID, plan.KeyName(displayName(p.key), marker))
	if failure := cognigy.AsError(err); failure != nil && !failure.OutcomeUnknown {
		p.concluded = true
		r.mints.drop(p.key.UID)
	}
	if err != nil {
		return nil, err
	}
	r.mints.end(p.key.UID, r.Clock.Now())
	logf.FromContext(ctx).Info("issued a key", "keyID", issued.ID, "keyPreview", issued.Preview)
	r.event(p.key, issued.ID, v1alpha1.EventIssued, "Issue", "issued key %s (%s)", issued.ID, issued.Preview)
	if !plan.HasMarker(issued.Name, marker) {
		return nil, &connection.Problem{
			Reason: v1alpha1.ReasonMarkerLost, Stalled: true,
			Message: "Cognigy gave the new key another name than the one asked for, so that it could not be found again if it got lost; " +
				"find out what changes names on the way to Cognigy; " + r.discard(ctx, p, link, issued),
		}
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
	delivered := last == nil
	if last != nil {
		var unread error
		// An earlier try may have been carried out without our seeing the answer: client-go repeats some by itself.
		delivered, unread = r.delivered(ctx, p, record)
		doubtful = doubtful || unread != nil
	}
	switch {
	case delivered:
		r.event(p.key, issued.ID, v1alpha1.EventDelivered, "Deliver", "wrote key %s (%s) into Secret %s", issued.ID, issued.Preview, p.secret.Name)
		return nil
	case doubtful:
		return undelivered(last, "whether it was after all will be seen before another key is made")
	default:
		return undelivered(last, r.discard(ctx, p, link, issued))
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
		return fmt.Sprintf("key %s could not be revoked: if it does not go away soon, revoke it in Cognigy", issued.ID)
	}
	logf.FromContext(ctx).Info("revoked a key that was not delivered", "keyID", issued.ID, "keyPreview", issued.Preview)
	r.event(p.key, issued.ID, v1alpha1.EventRevoked, "Revoke", "revoked key %s (%s), which was not delivered", issued.ID, issued.Preview)
	return fmt.Sprintf("key %s was revoked; trying again", issued.ID)
}

func displayName(key *v1alpha1.EndpointAPIKey) string {
	if key.Spec.DisplayName != "" {
		return key.Spec.DisplayName
	}
	return plan.DefaultDisplayName(key.Namespace, key.Name)
}
