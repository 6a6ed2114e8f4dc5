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
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

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
	// mutation: post-without-dry-run
	if err := r.rehearse(ctx, p); err != nil {
		return err
	}
	// mutation: post-without-finalizer
	if !controllerutil.ContainsFinalizer(p.key, v1alpha1.Finalizer) {
		if err := r.protect(ctx, p); err != nil {
			return err
		}
	}
	// While this was prepared, another resource may have been told that Cognigy wants silence.
	if silence := link.Silence(r.Clock.Now()); silence > 0 {
		return &notYet{wait: silence}
	}
	if err := r.intend(ctx, p, next); err != nil {
		return err
	}
	// From here on a shutdown must not interrupt: an answer that nobody reads is a key that nobody has.
	detached, cancel := context.WithDeadline(context.WithoutCancel(ctx), p.key.Status.Issuance.Deadline.Time)
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
	if err := connection.Permit(ctx, r.Live, found, p.key.Namespace); err != nil {
		return err
	}
	if found.GetUID() != p.connection.GetUID() || found.GetGeneration() != p.connection.GetGeneration() {
		return errGone
	}
	// mutation: issue-through-deleted-connection
	if !found.GetDeletionTimestamp().IsZero() {
		return &connection.Problem{
			Reason:  v1alpha1.ReasonConnectionNotReady,
			Message: fmt.Sprintf("the connection %q is being deleted, so that no key is issued through it; create it again", found.GetName()),
		}
	}
	// Its probe may have failed meanwhile.
	if err := connection.Usable(found); err != nil {
		return err
	}
	credentials := secretMetadata()
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
	rehearsed, err := r.write(ctx, p, delivery.Compose(p.secret, p.key, record, stand), client.DryRunAll)
	switch {
	case err == nil && !delivery.Read(rehearsed, p.key).Intact:
		return changedBack("data or annotations", p.key)
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
		return secret, r.Update(ctx, secret, dryRun...)
	}
	if len(dryRun) > 0 {
		return secret, r.Create(ctx, secret, client.DryRunAll)
	}
	return secret, r.Create(ctx, secret)
}

// intend records under optimistic lock that a key is about to be made. A stale cache, an old leader, a deletion or a
// suspension that was not seen yet fail here.
func (r *EndpointAPIKeyReconciler) intend(ctx context.Context, p *pass, next plan.Plan) error {
	started := metav1.NewMicroTime(r.Clock.Now().Truncate(time.Microsecond))
	status := *p.key.Status.DeepCopy()
	deadline := metav1.NewMicroTime(p.timing.Deadline(started.Time))
	status.Issuance = &v1alpha1.Issuance{StartedAt: started, Deadline: &deadline}
	status.ObservedGeneration = p.key.Generation
	// Where a person must act, trying again is no progress yet.
	if !meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionStalled) {
		setConditions(&status.Conditions, p.key.Generation, r.Clock.Now(), conditions(next, nil, p.key))
	}
	// mutation: post-without-intent
	return r.patchStatus(ctx, p, status)
}

// create sends the POST, once, within the request timeout: what is left of the attempt's time belongs to the delivery. The
// intent is dropped if the answer proves that there is no key.
func (r *EndpointAPIKeyReconciler) create(ctx context.Context, p *pass, link *connection.Link) (*cognigy.IssuedKey, error) {
	marker := r.marker(p.key)
	r.mints.start(p.key, p.connection.GetUID(), link)
	request, cancel := context.WithDeadline(ctx, p.key.Status.Issuance.StartedAt.Add(p.timing.RequestTimeout))
	defer cancel()
	issued, err := link.CreateKey(request, p.key.Spec.Endpoint.ID, plan.KeyName(displayName(p.key), marker))
	if failure := cognigy.AsError(err); failure != nil && !failure.OutcomeUnknown {
		p.concluded = true
		r.mints.drop(p.key)
	}
	if err != nil {
		return nil, err
	}
	marked := plan.HasMarker(issued.Name, marker)
	r.mints.end(p.key, r.Clock.Now(), marked)
	// mutation: log-plaintext
	logf.FromContext(ctx).Info("issued a key", "keyID", issued.ID, "keyPreview", issued.Preview)
	r.event(p.key, issued.ID, v1alpha1.EventIssued, "Issue", "issued key %s (%s)", issued.ID, issued.Preview)
	if !marked {
		return nil, &connection.Problem{
			Reason: v1alpha1.ReasonMarkerLost, Stalled: true, Message: markerLost + "; " + r.discard(ctx, p, link, issued),
		}
	}
	return issued, nil
}

func displayName(key *v1alpha1.EndpointAPIKey) string {
	if key.Spec.DisplayName != "" {
		return key.Spec.DisplayName
	}
	return plan.DefaultDisplayName(key.Namespace, key.Name)
}
