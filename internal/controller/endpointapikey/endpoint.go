// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// pin finds out which Endpoint the keys of a resource are for that names its Endpoint, from what was read until now.
func (r *Reconciler) pin(s *scope) {
	if s.byName() {
		found := r.evidence(s)
		id := found.Pin(s.lists, s.observed.Owns)
		s.setEndpoint(id, found.Proves(id))
	}
}

// evidence names the Endpoint that the resource's keys are for. What is no id is forged.
func (r *Reconciler) evidence(s *scope) plan.Evidence {
	status := s.key.Status
	found := plan.Evidence{
		Process: cmp.Or(r.located.of(s.key), r.issuances.of(s.key).endpointID), Status: validID(status.EndpointID), Name: s.named,
	}
	if read := delivery.Read(s.secret, s.key); read.State == plan.SecretOurs && read.Intact {
		found.Record = validID(read.EndpointID)
	}
	if status.Issuance != nil {
		found.Intent = validID(status.Issuance.EndpointID)
	}
	return found
}

func validID(text string) string {
	if cognigy.ValidID(text) {
		return text
	}
	return ""
}

// listKeys lists the keys of the resource's Endpoint, or of each one that it may be. Where there are keys of the resource, it need look no
// further; neither need a deletion where the evidence proves that there are none anywhere else.
func (r *Reconciler) listKeys(ctx context.Context, s *scope, session *connection.Session, notBefore time.Time) (*plan.Listing, error) {
	if !s.byName() {
		return r.list(ctx, s, session, s.endpointID, notBefore)
	}
	s.setLists(plan.EndpointLists{})
	known, deleting := r.evidence(s), !s.observed.DeletingSince.IsZero()
	if err := r.listEach(ctx, s, session, notBefore, known.Named()...); err != nil {
		return nil, err
	}
	switch {
	case r.locate(s, known.Named()), deleting && known.Agree():
		return &plan.Listing{At: r.Clock.Now()}, nil
	// mutation: look-where-the-name-leads
	case deleting:
		return r.listProject(ctx, s, session, notBefore)
	}
	project, err := r.namedProject(ctx, s, r.projectAge())
	if err != nil {
		return nil, err
	}
	if meant := project.Named(s.key.Spec.Endpoint.Name); len(meant) == 1 {
		s.setNamed(meant[0])
		if err := r.listEach(ctx, s, session, notBefore, meant...); err != nil {
			return nil, err
		}
		r.locate(s, meant)
	}
	if len(s.lists) == 0 {
		return nil, r.unresolved(ctx, s, project)
	}
	return &plan.Listing{At: r.Clock.Now()}, nil
}

// locate reports whether a list of one of some Endpoints shows a key of the resource, and remembers of which one.
func (r *Reconciler) locate(s *scope, ids []string) bool {
	i := slices.IndexFunc(ids, func(id string) bool { return s.observed.Owns(s.lists[id]) })
	if i >= 0 {
		r.located.note(s.key, ids[i])
	}
	return i >= 0
}

// listEach lists the keys of Endpoints, and charges the requests beyond the first.
func (r *Reconciler) listEach(ctx context.Context, s *scope, session *connection.Session, notBefore time.Time, ids ...string) error {
	for _, id := range s.lists.Missing(ids...) {
		if s.undecided() && !s.observed.Served {
			if err := r.permit(ctx, s, r.Client, s.connection, id); err != nil {
				return err
			}
		}
		if len(s.lists) > 0 {
			session.Charge(s.waiter(), 1)
		}
		listing, err := r.list(ctx, s, session, id, notBefore)
		if err != nil {
			return err
		}
		s.lists[id] = listing
	}
	return nil
}

// listProject lists the keys of every Endpoint of the project: nothing proves which of them has keys of a resource that is being deleted.
// Those for which the namespace never had permission have none, and neither have those without API keys.
func (r *Reconciler) listProject(ctx context.Context, s *scope, session *connection.Session, notBefore time.Time) (*plan.Listing, error) {
	project, err := r.namedProject(ctx, s, 0)
	if err != nil {
		return nil, err
	}
	ids := project.IDs()
	for _, id := range ids {
		err := r.listEach(ctx, s, session, notBefore, id)
		failure := condition.FailureOf(err)
		unpermitted := failure != nil && failure.Reason == v1alpha1.ReasonConnectionNotAllowed
		if err != nil && !unpermitted && !cognigy.IsKind(err, cognigy.KeysNotSupported) {
			return nil, err
		}
	}
	r.locate(s, ids)
	return &plan.Listing{At: project.At}, nil
}

// checkListed makes sure that the list covers what the resource and the Secret name that were read after it.
func (r *Reconciler) checkListed(s *scope) error {
	if s.byName() && len(s.lists.Missing(r.evidence(s).Named()...)) > 0 {
		return errReplaced
	}
	return nil
}

// checkEndpoint resolves the name of the resource's Endpoint before its first key. Before later ones it makes sure that the Endpoint is the
// right one, since the Secret and the status may be forged: keys of the resource are there, or the name means it now.
func (r *Reconciler) checkEndpoint(ctx context.Context, s *scope) error {
	if !s.byName() || s.observed.Owns(s.lists[s.endpointID]) {
		return nil
	}
	project, err := r.namedProject(ctx, s, r.projectAge())
	if err != nil {
		return err
	}
	meant := project.Named(s.key.Spec.Endpoint.Name)
	// mutation: post-on-unproven-endpoint
	if len(meant) != 1 || s.endpointID != "" && s.endpointID != meant[0] {
		return r.unresolved(ctx, s, project)
	}
	s.setNamed(meant[0])
	r.derive(s)
	return nil
}

// checkName has the report say what the name means now. It needs a list of the project per drift interval at most.
func (r *Reconciler) checkName(ctx context.Context, s *scope) error {
	if !s.byName() || s.endpointID == "" || !s.observed.DeletingSince.IsZero() {
		return nil
	}
	_, err := r.namedProject(ctx, s, r.DriftInterval)
	return err
}

// projectAge is how old a list of a project may be that decides what a name means, or what a grant opens.
func (r *Reconciler) projectAge() time.Duration { return min(connection.ProjectAge, r.DriftInterval) }

// namedProject lists the Endpoints of the project that the resource names.
func (r *Reconciler) namedProject(ctx context.Context, s *scope, age time.Duration) (*connection.Project, error) {
	return r.project(ctx, s, string(s.key.Spec.Endpoint.ProjectID), age)
}

// project returns a list of a project's Endpoints that is no older than an age. It acquires the requests only if it has to send them.
func (r *Reconciler) project(ctx context.Context, s *scope, projectID string, age time.Duration) (*connection.Project, error) {
	session, err := r.permittedSession(ctx, s)
	if err != nil {
		return nil, err
	}
	notBefore := r.Clock.Now().Add(-age)
	if known := session.KnownProject(projectID); known != nil && !known.At.Before(notBefore) {
		return known, nil
	}
	if s.acquired == nil {
		if err := r.acquire(s, session, 1); err != nil {
			return nil, err
		}
	}
	listed, err := session.Project(ctx, projectID, notBefore, func() { session.Charge(s.waiter(), 1) })
	if failure := condition.FailureOf(err); failure != nil {
		told := *failure
		told.Message = "the operator cannot list the Endpoints of the project, which tells what a name means and what a grant of projects opens: " +
			failure.Message
		err = errors.Join(&told, err)
	}
	return listed, err
}

// permit is connection.Permit with lists of projects that are a minute old at most.
func (r *Reconciler) permit(ctx context.Context, s *scope, reader client.Reader, found v1alpha1.Connection, endpointID string) error {
	return connection.Permit(ctx, reader, found, s.key.Namespace, connection.EndpointOf(s.key, endpointID),
		connection.ListedProjects(func(projectID string) (*connection.Project, error) {
			return r.project(ctx, s, projectID, r.projectAge())
		}))
}

// decide finds out by lists of projects whether a resource of which nothing shows that it ever had permission has it, before anything else is
// sent for it.
func (r *Reconciler) decide(ctx context.Context, s *scope) error {
	if s.observed.Served || s.endpointID == "" {
		return nil
	}
	err := r.permit(ctx, s, r.Client, s.connection, s.endpointID)
	failure := condition.FailureOf(err)
	if err != nil && (failure == nil || failure.Reason != v1alpha1.ReasonConnectionNotAllowed) {
		return err
	}
	s.setConnection(s.connection, err)
	r.derive(s)
	return nil
}
