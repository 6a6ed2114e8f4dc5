// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// observe reads what a plan needs beside the resource itself. It sends nothing to Cognigy.
func (r *Reconciler) observe(ctx context.Context, key *v1alpha1.EndpointAPIKey) (*scope, error) {
	r.issuances.update(key)
	s := newScope(key)
	found, err := r.Connections.Find(ctx, key)
	if err != nil && condition.FailureOf(err) == nil {
		return nil, err
	}
	s.setConnection(found, err)
	if err := r.readSecret(ctx, s); err != nil {
		return nil, err
	}
	r.derive(s)
	return s, nil
}

// observeFresh lists the Endpoint's keys, as of a time or of now if that is zero, and reads the resource and the Secret after
// that. The order matters: see plan.Observed.Fresh.
func (r *Reconciler) observeFresh(ctx context.Context, s *scope, notBefore time.Time) error {
	session, err := r.session(ctx, s, 1)
	if err != nil {
		return err
	}
	if notBefore.IsZero() {
		notBefore = r.Clock.Now()
	}
	listing, err := session.List(ctx, s.endpointID, notBefore)
	if err != nil {
		return err
	}
	if err := r.readKey(ctx, s); err != nil {
		return err
	}
	if err := r.readSecret(ctx, s); err != nil {
		return err
	}
	s.setFresh(listing)
	r.derive(s)
	return nil
}

func (r *Reconciler) readKey(ctx context.Context, s *scope) error {
	if s.deleted {
		return nil // a UID does not come back
	}
	key := &v1alpha1.EndpointAPIKey{}
	if err := r.APIReader.Get(ctx, client.ObjectKeyFromObject(s.key), key); err != nil {
		return err
	}
	if key.UID != s.key.UID {
		return errReplaced
	}
	s.setKey(key)
	return nil
}

func (r *Reconciler) readSecret(ctx context.Context, s *scope) error {
	secret := &corev1.Secret{}
	err := r.Get(ctx, s.key.SecretName(), secret)
	if apierrors.IsNotFound(err) {
		s.setSecret(nil)
		return nil
	}
	if err == nil {
		s.setSecret(secret)
	}
	return err
}

// derive computes what the plan is made from. It reads nothing from Kubernetes or Cognigy.
func (r *Reconciler) derive(s *scope) {
	key, record := s.key, r.issuances.of(s.key)
	request, write := timeouts(s.connection)
	s.timing = plan.Timing{
		RequestTimeout: request, DeliveryTimeout: write, ListLag: r.ListLag,
		DriftInterval: plan.Spread(r.DriftInterval, s.endpointID),
	}
	s.observed = plan.Observed{
		Deleting:       !key.DeletionTimestamp.IsZero(),
		Deleted:        s.deleted,
		Retain:         key.Spec.DeletionPolicy == v1alpha1.DeletionPolicyRetain,
		Suspended:      key.Spec.Suspend,
		HasFinalizer:   controllerutil.ContainsFinalizer(key, v1alpha1.Finalizer),
		Requested:      kube.RequestedAt(key) != key.Status.LastHandledReconcileAt,
		Rotation:       rotation(key.Spec.Rotation),
		EndpointID:     s.endpointID,
		Marker:         r.marker(key),
		Unpermitted:    s.unpermitted(),
		Served:         key.Status.EndpointID != "",
		RetiresAt:      firstRevocation(key.Status.Retiring),
		Secret:         delivery.Read(s.secret, key),
		Fresh:          s.listing != nil,
		LeaderSince:    r.leaderSince,
		Attempts:       record.attempts,
		KeyNameChanged: record.keyNameChanged,
	}
	if issuedAt := key.Status.IssuedAt; issuedAt != nil {
		s.observed.IssuedAt = issuedAt.Time
	}
	if intent := key.Status.Issuance; intent != nil && !s.refuted {
		s.observed.Intent = intent.StartedAt.Time
		if intent.Deadline != nil {
			s.observed.Deadline = intent.Deadline.Time
		}
	}
	r.deriveListing(s)
}

// deriveListing adds what lists show. Another worker may get a newer list at any time, which must not be taken for one from
// before the resource and the Secret were read.
func (r *Reconciler) deriveListing(s *scope) {
	session := r.knownSession(s)
	if session == nil {
		return
	}
	s.observed.MissingSince = session.MissingSince(s.endpointID, s.observed.Secret.KeyID)
	if s.observed.Listing = s.listing; s.listing == nil {
		s.observed.Listing = session.Newest(s.endpointID)
	}
}

// knownSession is the session whose lists the scope may use, or nil.
func (r *Reconciler) knownSession(s *scope) *connection.Session {
	if s.connection != nil {
		return r.Connections.Known(s.connection)
	}
	return s.lastUsed
}

func (r *Reconciler) marker(key *v1alpha1.EndpointAPIKey) string {
	return plan.Marker(r.Cluster, plan.Owner{Namespace: key.Namespace, UID: string(key.UID)})
}

func timeouts(found v1alpha1.Connection) (request, write time.Duration) {
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

func firstRevocation(retiring []v1alpha1.RetiringKey) time.Time {
	var first time.Time
	for _, key := range retiring {
		if first.IsZero() || key.RevokeAt.Time.Before(first) {
			first = key.RevokeAt.Time
		}
	}
	return first
}
