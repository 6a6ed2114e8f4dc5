// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
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
	if err := r.readSecret(ctx, s); err != nil {
		return nil, err
	}
	r.pin(s)
	found, err := r.Connections.Find(ctx, key, connection.EndpointOf(key, s.endpointID))
	if err != nil && condition.FailureOf(err) == nil && !errors.Is(err, connection.ErrUndecided) {
		return nil, err
	}
	s.setConnection(found, err)
	if err := r.readFormers(ctx, s, r.Client); err != nil {
		return nil, err
	}
	r.readTargets(ctx, s)
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
	listing, err := r.listKeys(ctx, s, session, notBefore)
	if err != nil {
		return err
	}
	if err := r.readKey(ctx, s); err != nil {
		return err
	}
	if err := r.readSecret(ctx, s); err != nil {
		return err
	}
	if err := r.readFormers(ctx, s, r.APIReader); err != nil {
		return err
	}
	s.setFresh(listing)
	r.derive(s)
	return r.checkListed(s)
}

// list lists an Endpoint's keys: those of all resources, or of the resource's namespace if others have too many. It charges what takes
// two requests.
func (r *Reconciler) list(
	ctx context.Context, s *scope, session *connection.Session, endpointID string, notBefore time.Time,
) (*plan.Listing, error) {
	listing, err := session.List(ctx, endpointID, notBefore)
	if cognigy.IsKind(err, cognigy.TooManyKeys) {
		session.Charge(s.waiter(), 1)
		// The keys of former owners are of the namespace, too.
		return session.ListSome(ctx, endpointID, func(name string) bool { return r.Identity.MarksNamespace(name, s.key.Namespace) })
	}
	if cognigy.IsKind(err, cognigy.KeysNotSupported) || listing != nil && listing.EndpointGone {
		session.Charge(s.waiter(), 1)
	}
	return listing, err
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
	s.timing = plan.Timing{RequestTimeout: request, DeliveryTimeout: write, ListLag: r.ListLag}
	wanted, _ := s.rotation() // what cannot be read is reported: see nextObstacle
	s.observed = plan.Observed{
		Deleted:      s.deleted,
		Retain:       key.Spec.DeletionPolicy == v1alpha1.DeletionPolicyRetain,
		Suspended:    key.Spec.Suspend,
		HasFinalizer: controllerutil.ContainsFinalizer(key, v1alpha1.Finalizer),
		Requested:    kube.RequestedAt(key) != key.Status.LastHandledReconcileAt,
		Rotation:     wanted,
		Markers:      r.markers(key.Namespace, key.UID),
		Formers:      s.former.owners,
		Elsewhere:    s.former.elsewhere,
		Unpermitted:  s.unpermitted(),
		Served:       connection.Served(key),
		Reported:     reported(key.Status),
		Secret:       delivery.Read(s.secret, key),
		Targets:      s.planTargets(),
		Fresh:        s.listing != nil,
		Recorded:     s.recorded,
		LeaderSince:  r.leaderSince,
		Attempts:     record.attempts,
	}
	if since := key.DeletionTimestamp; since != nil {
		s.observed.DeletingSince = since.Time
	}
	if issuedAt := key.Status.IssuedAt; issuedAt != nil {
		s.observed.IssuedAt = issuedAt.Time
	}
	if until := key.Status.UnsettledUntil; until != nil {
		s.observed.Unsettled = until.Time
	}
	if intent := key.Status.Issuance; intent != nil && !s.refuted {
		s.observed.Intent, s.observed.IntentSecret = intent.StartedAt.Time, intent.SecretVersion
		if intent.Deadline != nil {
			s.observed.Deadline = intent.Deadline.Time
		}
	}
	r.pin(s)
	s.observed.EndpointID, s.timing.DriftInterval = s.endpointID, plan.Spread(r.DriftInterval, s.endpointID)
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
	switch {
	case s.listing == nil:
		s.observed.Listing = session.Newest(s.endpointID)
	case s.byName():
		s.observed.Listing = s.lists.Merged(s.endpointID, s.listing.At)
	default:
		s.observed.Listing = s.listing
	}
}

// knownSession is the session whose lists the scope may use, or nil.
func (r *Reconciler) knownSession(s *scope) *connection.Session {
	if s.connection != nil {
		return r.Connections.Known(s.connection)
	}
	return s.lastUsed
}

// markers are those of an owner in this cluster, under its identity and the former ones.
func (r *Reconciler) markers(namespace string, uid types.UID) []string {
	return r.Identity.Markers(plan.Owner{Namespace: namespace, UID: string(uid)})
}

func timeouts(found v1alpha1.Connection) (request, write time.Duration) {
	if found == nil {
		return (&v1alpha1.ConnectionSpec{}).Timeouts()
	}
	return found.GetConnectionSpec().Timeouts()
}

func reported(status v1alpha1.EndpointAPIKeyStatus) plan.Reported {
	reported := plan.Reported{KeyID: status.KeyID}
	for _, key := range status.Retiring {
		reported.Retiring = append(reported.Retiring, plan.RetiringKey{KeyID: key.KeyID, Preview: key.KeyPreview, ReplacedAt: key.ReplacedAt.Time})
	}
	return reported
}
