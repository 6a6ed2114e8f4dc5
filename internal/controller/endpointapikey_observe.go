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
// after that. The order matters: see plan.Observed.Fresh.
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
		listing = &plan.Listing{At: from, EndpointGone: true}
	}
	// A list that another worker is given meanwhile is newer than what was read here, and must not be taken for older.
	p.listing, p.observed.Fresh = listing, true
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
		HasFinalizer: controllerutil.ContainsFinalizer(key, v1alpha1.Finalizer),
		Requested:    requested(key) != key.Status.LastHandledReconcileAt,
		Rotation:     rotation(key.Spec.Rotation),
		EndpointID:   key.Spec.Endpoint.ID,
		Marker:       r.marker(key),
		RetiresAt:    retiresAt(key.Status.Retiring),
		Secret:       secret,
		Fresh:        p.observed.Fresh,
		LeaderSince:  r.started,
		Attempts:     minted.attempts(),

		KeyNameChanged: minted.markerLost,
	}
	if issuedAt := key.Status.IssuedAt; issuedAt != nil {
		p.observed.IssuedAt = issuedAt.Time
	}
	if key.Status.Issuance != nil && !p.concluded {
		p.observed.Intent = key.Status.Issuance.StartedAt.Time
		if deadline := key.Status.Issuance.Deadline; deadline != nil {
			p.observed.Deadline = deadline.Time
		}
	}
	if link := r.knownLink(p); link != nil {
		p.observed.Listing = link.Newest(key.Spec.Endpoint.ID)
		if p.observed.Fresh {
			p.observed.Listing = p.listing
		}
		p.observed.MissingSince = link.MissingSince(key.Spec.Endpoint.ID, secret.KeyID)
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
