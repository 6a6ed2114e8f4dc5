// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// errGone: the resource was replaced by another of the same name while it was looked at.
var errGone = errors.New("the resource is another one now")

// pass is what one reconcile works with: the objects as they were read last, and what follows from them.
type pass struct {
	key        *v1alpha1.EndpointAPIKey
	secret     *corev1.Secret      // nil: absent
	connection v1alpha1.Connection // nil: there is none
	blocked    error               // why there is none, or why it may not be used
	listing    *plan.Listing       // that the plan is made on, once Cognigy was asked in this pass
	concluded  bool                // it is certain that the recorded intent made no key
	released   bool                // the finalizer is gone
	admitted   *connection.Link    // by which it has its turn to send requests, until it leaves
	observed   plan.Observed
	timing     plan.Timing
}

// observe reads what is needed beside the resource itself. Cognigy is not asked.
func (r *EndpointAPIKeyReconciler) observe(ctx context.Context, key *v1alpha1.EndpointAPIKey) (*pass, error) {
	p := &pass{key: key}
	if err := r.readConnection(ctx, p); err != nil {
		return nil, err
	}
	if err := r.readSecret(ctx, p); err != nil {
		return nil, err
	}
	r.refresh(p)
	return p, nil
}

// look asks Cognigy for the Endpoint's keys, as of a time or of now if that is zero, and reads the resource and the Secret
// after that. The order matters: see plan.Observed.Live.
func (r *EndpointAPIKeyReconciler) look(ctx context.Context, p *pass, from time.Time) error {
	link, err := r.link(ctx, p)
	if err != nil {
		return err
	}
	if from.IsZero() {
		from = r.Clock.Now()
	}
	listing, err := link.List(ctx, p.key.Spec.Endpoint.ID, from, r.Clock.Now)
	gone := cognigy.IsKind(err, cognigy.NotFound)
	if err != nil && !gone {
		return err
	}
	live := &v1alpha1.EndpointAPIKey{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(p.key), live); err != nil {
		return err
	}
	if live.UID != p.key.UID {
		return errGone
	}
	p.key = live
	if err := r.readSecret(ctx, p); err != nil {
		return err
	}
	if gone {
		listing = &plan.Listing{At: from} // an Endpoint that does not exist has no keys
	}
	// A list that another worker is given meanwhile is newer than what was read here, and must not be taken for older.
	p.listing, p.observed.Live, p.observed.EndpointGone = listing, true, gone
	r.refresh(p)
	return nil
}

func (r *EndpointAPIKeyReconciler) readConnection(ctx context.Context, p *pass) error {
	found, err := r.Connections.Find(ctx, p.key)
	p.connection = found
	if problem := (*connection.Problem)(nil); errors.As(err, &problem) {
		p.blocked = problem
		return nil
	}
	return err
}

func (r *EndpointAPIKeyReconciler) readSecret(ctx context.Context, p *pass) error {
	p.secret = &corev1.Secret{}
	err := r.Get(ctx, p.key.SecretName(), p.secret)
	if apierrors.IsNotFound(err) {
		p.secret = nil
		return nil
	}
	return err
}

// refresh derives what the plan is made from. It reads nothing.
func (r *EndpointAPIKeyReconciler) refresh(p *pass) {
	key, secret, minted := p.key, delivery.Read(p.secret, p.key), r.mints.of(p.key)
	request, delivery := timeouts(p.connection)
	p.timing = plan.Timing{
		RequestTimeout: request, DeliveryTimeout: delivery, ListLag: r.ListLag,
		DriftInterval: plan.Spread(r.DriftInterval, key.Spec.Endpoint.ID),
	}
	p.observed = plan.Observed{
		Deleting:     !key.DeletionTimestamp.IsZero(),
		Retain:       key.Spec.DeletionPolicy == v1alpha1.DeletionPolicyRetain,
		Suspended:    key.Spec.Suspend,
		Protected:    controllerutil.ContainsFinalizer(key, v1alpha1.Finalizer),
		Requested:    requested(key) != key.Status.LastHandledReconcileAt,
		Rotation:     rotation(key.Spec.Rotation),
		EndpointID:   key.Spec.Endpoint.ID,
		Marker:       r.marker(key),
		RetiresAt:    retiresAt(key.Status.Retiring),
		Secret:       secret,
		EndpointGone: p.observed.EndpointGone,
		Live:         p.observed.Live,
		WatchedSince: r.started,
		Issues:       minted.started(),
		MarkerLost:   minted.markerLost,
	}
	p.observed.LastIssued, p.observed.LastEnded = r.lastIssued(key, secret, minted.last(), p.timing.RequestTimeout)
	if key.Status.Issuance != nil && !p.concluded {
		p.observed.Intent = key.Status.Issuance.StartedAt.Time
		if deadline := key.Status.Issuance.Deadline; deadline != nil {
			p.observed.Deadline = deadline.Time
		}
	}
	if link := r.knownLink(p); link != nil {
		p.observed.Listing = link.Newest(key.Spec.Endpoint.ID)
		if p.observed.Live {
			p.observed.Listing = p.listing
		}
		if secret.Intact {
			p.observed.MissingSince = link.MissingSince(key.Spec.Endpoint.ID, secret.KeyID,
				secret.IssuedAt.Add(p.timing.RequestTimeout+p.timing.ListLag))
		}
		if !p.observed.Live {
			p.observed.EndpointGone = link.Gone(key.Spec.Endpoint.ID)
		}
	}
}

func (r *EndpointAPIKeyReconciler) knownLink(p *pass) *connection.Link {
	if p.connection == nil {
		return nil
	}
	return r.Connections.Known(p.connection)
}

func (r *EndpointAPIKeyReconciler) marker(key *v1alpha1.EndpointAPIKey) string {
	return plan.Marker(r.Cluster, string(key.UID))
}

// lastIssued is when the latest issuance that anything tells of was begun, and when it had ended if this process knows. What
// lies in the future by more than clocks may differ is not believed: it would hold up the deletion for ever.
func (r *EndpointAPIKeyReconciler) lastIssued(key *v1alpha1.EndpointAPIKey, secret plan.Secret, last mint, timeout time.Duration) (began, ended time.Time) {
	told := []time.Time{secret.IssuedAt}
	if key.Status.IssuedAt != nil {
		told = append(told, key.Status.IssuedAt.Time)
	}
	for _, at := range append(told, last.started) {
		if at.After(began) && !at.After(r.Clock.Now().Add(timeout)) {
			began = at
		}
	}
	// Another operator may have issued within the same second, which is all that the status tells.
	if began.Equal(last.started) && secret.IssuedAt.Equal(last.started) {
		ended = last.ended
	}
	return began, ended
}

func timeouts(found v1alpha1.Connection) (request, delivery time.Duration) {
	if found == nil {
		return (&v1alpha1.ConnectionSpec{}).Timeouts()
	}
	return found.GetConnectionSpec().Timeouts()
}

func rotation(spec *v1alpha1.Rotation) plan.Rotation {
	var rotation plan.Rotation
	if spec == nil {
		return rotation
	}
	if spec.Every != nil {
		rotation.Every = spec.Every.Duration
	}
	if spec.Overlap != nil {
		rotation.Overlap = spec.Overlap.Duration
	}
	if spec.NotBefore != nil {
		rotation.NotBefore = spec.NotBefore.Time
	}
	return rotation
}

func retiresAt(retiring []v1alpha1.RetiringKey) time.Time {
	var first time.Time
	for _, key := range retiring {
		if first.IsZero() || key.RevokeAt.Time.Before(first) {
			first = key.RevokeAt.Time
		}
	}
	return first
}
