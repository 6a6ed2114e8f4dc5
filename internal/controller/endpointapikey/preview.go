// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// Preview is what the operator would do for a resource, as far as a process can tell that has neither the operator's memory nor its
// lists of Cognigy's keys.
type Preview struct {
	// Plan follows from what was observed.
	Plan plan.Plan
	// Listed is what follows from a list that shows the keys which the record and the status name, and no others; nil if the plan asks
	// for no list.
	Listed *plan.Plan
	// Observed is what the plans were made from.
	Observed plan.Observed
	// Connection is nil if there is none, or if the reader may not read it.
	Connection v1alpha1.Connection
	// Blocked says what keeps the operator from sending requests for the resource; nil if nothing is known.
	Blocked error
	// Malformed says what of the rotation the operator cannot read; nil if nothing.
	Malformed error
	// Hidden are the failures to read what the reader may not read, in the order of the reads.
	Hidden []error
}

// NewPreview observes a resource by a reader, and plans as the operator does. It changes nothing, and sends nothing to Cognigy.
func NewPreview(
	ctx context.Context, reader client.Reader, clock clock.PassiveClock, driftInterval time.Duration, key *v1alpha1.EndpointAPIKey,
) (*Preview, error) {
	r := &Reconciler{
		Client: readOnly{reader: reader}, APIReader: reader, Clock: clock,
		Connections: &connection.Resolver{Client: readOnly{reader: reader}, APIReader: reader, Clock: clock},
		// Without a list of Cognigy, nothing depends on the cluster's identity. No flag changes the lag.
		Identity: plan.Identity{Cluster: "preview"}, DriftInterval: driftInterval, ListLag: 5 * time.Second,
		// When the operator lists the keys next, only the operator knows.
		leaderSince: clock.Now(),
	}
	s, p := newScope(key), &Preview{}
	if err := r.observeVisible(ctx, s, p); err != nil {
		return nil, err
	}
	p.Observed, p.Connection = s.observed, s.connection
	_, p.Malformed = s.rotation()
	if p.Plan = r.plan(s); p.Plan.Do == plan.List {
		s.observed.Listing, s.observed.Fresh = r.assumedList(s), true
		p.Listed = new(r.plan(s))
	}
	p.Blocked = blocked(s, p.Plan)
	return p, nil
}

// observeVisible is observe for a reader that may not read everything.
func (r *Reconciler) observeVisible(ctx context.Context, s *scope, p *Preview) error {
	secret := r.readSecret(ctx, s)
	if err := p.tolerate(secret); err != nil {
		return err
	}
	r.pin(s)
	found, err := r.Connections.Find(ctx, s.key, connection.EndpointOf(s.key, s.endpointID))
	if condition.FailureOf(err) == nil && !errors.Is(err, connection.ErrUndecided) {
		if err = p.tolerate(err); err != nil {
			return err
		}
	}
	if found != nil && found.GetName() == "" { // which was not read
		found = nil
	}
	s.setConnection(found, err)
	if err := p.tolerate(r.readFormers(ctx, s, r.Client)); err != nil {
		return err
	}
	r.readTargets(ctx, s)
	for _, target := range s.targets {
		if apierrors.IsForbidden(target.err) {
			p.Hidden = append(p.Hidden, target.err)
		}
	}
	r.derive(s)
	if secret != nil {
		s.observed.Secret = reportedSecret(s.key, s.endpointID)
	}
	return nil
}

// tolerate notes what the reader may not read, and returns any other failure.
func (p *Preview) tolerate(err error) error {
	if apierrors.IsForbidden(err) {
		p.Hidden = append(p.Hidden, err)
		return nil
	}
	return err
}

// reportedSecret is the Secret as the status tells of it, for a reader that may not read the Secret itself.
func reportedSecret(key *v1alpha1.EndpointAPIKey, endpointID string) plan.Secret {
	status := key.Status
	if status.SecretName == "" || status.IssuedAt == nil {
		return plan.Secret{State: plan.SecretAbsent, Version: plan.SecretAbsentVersion}
	}
	return plan.Secret{
		State: plan.SecretOurs, Intact: condition.Find(status.Conditions, v1alpha1.ConditionReady).Reason == v1alpha1.ReasonDelivered, Bound: true,
		KeyID: status.KeyID, EndpointID: endpointID, IssuedAt: status.IssuedAt.Time, Retiring: reported(status).Retiring,
	}
}

// assumedList is a list that shows the keys which the record and the status name, and no others.
func (r *Reconciler) assumedList(s *scope) *plan.Listing {
	listing := &plan.Listing{At: r.Clock.Now()}
	add := func(id, preview, formerUID string, issued time.Time) {
		if id == "" || listing.Shows(id) {
			return
		}
		owner := s.key.UID
		if formerUID != "" {
			owner = types.UID(formerUID)
		}
		name := plan.KeyName("preview", issued, r.markers(s.key.Namespace, owner)[0])
		listing.Keys = append(listing.Keys, plan.Key{ID: id, Name: name, Preview: preview})
	}
	if secret := s.observed.Secret; secret.Intact {
		preview := s.key.Status.KeyPreview
		if s.secret != nil {
			preview = delivery.Preview(s.secret)
		}
		add(secret.KeyID, preview, secret.FormerUID, secret.IssuedAt)
	}
	// A retiring key was made before it was replaced; when exactly decides nothing.
	for _, key := range append(s.observed.Secret.Retiring, s.observed.Reported.Retiring...) {
		add(key.KeyID, key.Preview, key.FormerUID, key.ReplacedAt.Add(-time.Hour))
	}
	add(s.observed.Reported.KeyID, s.key.Status.KeyPreview, "", s.observed.IssuedAt)
	return listing
}

// blocked says what keeps the operator from what a plan has it send to Cognigy.
func blocked(s *scope, next plan.Plan) error {
	switch next.Do {
	case plan.List, plan.Issue, plan.Revoke:
	default:
		return s.nextObstacle()
	}
	if s.blocked != nil && !s.undecided() {
		return s.blocked
	}
	if s.connection == nil {
		return nil
	}
	return connection.Usable(s.connection)
}

// readOnly is a client that reads by a reader. A write is a mistake of the caller, and panics.
type readOnly struct {
	client.Client
	reader client.Reader
}

// Get implements client.Reader.
func (r readOnly) Get(ctx context.Context, name client.ObjectKey, into client.Object, options ...client.GetOption) error {
	return r.reader.Get(ctx, name, into, options...)
}

// List implements client.Reader.
func (r readOnly) List(ctx context.Context, into client.ObjectList, options ...client.ListOption) error {
	return r.reader.List(ctx, into, options...)
}
