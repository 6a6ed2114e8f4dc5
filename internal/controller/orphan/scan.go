// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package orphan

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

const (
	// longestStep bounds how long the parts of a scan that do not yield hold a worker: to list the Endpoints, or to confirm and revoke
	// maxOrphans, at the third of a request per second that is left to a scan where everybody else wants requests, too.
	longestStep = 2 * time.Hour
	// maxOrphans bounds how much memory a scan takes, since anyone who names keys in Cognigy decides how many there are. Later
	// scans find the others once these are gone.
	maxOrphans = 1000
	// maxSuspectBytes bounds likewise how much memory the suspects of one Endpoint take, before they are verified: those of some
	// 15,000 resources. What is left out of a list only has to wait for a later scan.
	maxSuspectBytes = 4 << 20
)

// scan finds orphans, reports new ones, and revokes those that the scan before found, too, as far as the policy or a person wants that. It
// returns when the next scan is due. A failure before all lists were read leaves the outcome of the scan before as it is.
func (r *Reconciler) scan(ctx context.Context, found v1alpha1.Connection) (again time.Duration, err error) {
	session, _, err := r.Connections.Session(ctx, found)
	if err != nil {
		return 0, err
	}
	sending, cancel := context.WithTimeout(ctx, longestStep)
	defer cancel()
	s, err := r.find(sending, found, session)
	if err != nil {
		return 0, r.failed(ctx, found, err)
	}
	latest := r.history.of(found)
	twice, fresh := plan.Compare(s.orphans, latest.orphans)
	r.warnOfOrphans(ctx, found, fresh)
	_, fresh = plan.Compare(s.others, latest.others)
	r.warnOfOtherIdentities(ctx, found, fresh)
	// mutation: revoke-other-identities
	revocable := plan.Revocable(twice, revokesAll(found), s.asked.named)
	revoked, err := r.revoke(sending, s, revocable)
	left := outcome{orphans: plan.Without(s.orphans, revoked), others: s.others}
	r.history.set(found, left)
	revocations := s.revocations(revocable, revoked, err)
	r.warnOfDenied(found, revocations)
	if reportErr := r.reportScan(ctx, found, left, s.asked, revocations); reportErr != nil {
		return 0, reportErr
	}
	if isPending(revocations) {
		return r.askedInterval(), err
	}
	return r.scanInterval(found), err
}

// failed tells why a scan did not find out which keys are orphans, and returns the failure.
func (r *Reconciler) failed(ctx context.Context, found v1alpha1.Connection, err error) error {
	if apierrors.IsForbidden(err) {
		r.warnOfPermission(found, err)
	}
	if errors.Is(err, errYielded) {
		return err
	}
	return errors.Join(err, r.reportUnanswered(ctx, found, err))
}

// scanned is one scan while it looks for orphans.
type scanned struct {
	connection v1alpha1.Connection
	session    *connection.Session
	// existing are the resources that the cache shows: those that existed before the scan need no verification after it.
	existing plan.ExistingOwners
	// own tells keys of the connection's own resources, whatever the cluster's identity was when they were issued.
	own plan.OwnerDigests
	// referred are the Endpoints of the connection's own resources.
	referred map[string]bool
	progress
}

// find finds the orphans on all Endpoints that the connection's user sees, and the keys that the connection's resources have there
// under other identities: maxOrphans of each at most. It yields its worker after a drift interval, and goes on with the next call.
func (r *Reconciler) find(ctx context.Context, found v1alpha1.Connection, session *connection.Session) (*scanned, error) {
	yieldAt := r.Clock.Now().Add(min(r.DriftInterval, longestStep/2))
	s, err := r.start(ctx, found, session)
	if err != nil {
		return nil, err
	}
	for len(s.endpoints) > 0 && len(s.orphans) < maxOrphans {
		if err := r.findOn(ctx, s, s.endpoints[0]); err != nil {
			return nil, err
		}
		s.endpoints = s.endpoints[1:]
		// mutation: scan-without-yielding
		if len(s.endpoints) > 0 && r.Clock.Now().After(yieldAt) {
			r.scanning.yield(found, s.progress)
			return nil, errYielded
		}
	}
	if err := r.verify(ctx, s); err != nil {
		return nil, err
	}
	return s, r.confirm(ctx, s)
}

// suspects returns those of an Endpoint's keys that have a marker of this cluster and no resource that the cache shows.
func (r *Reconciler) suspects(s *scanned, endpointID string, keys ...plan.Key) []plan.MarkedKey {
	return plan.Orphans(plan.MarkedKeys(r.Identity, endpointID, keys), s.existing, nil)
}

// others returns those of an Endpoint's keys that the connection's resources have under other identities.
func (r *Reconciler) others(s *scanned, endpointID string, keys ...plan.Key) []plan.MarkedKey {
	return plan.OtherIdentityKeys(r.Identity, endpointID, keys, s.own)
}

// keepFound accepts keys that a person wants revoked, suspects of an Endpoint, as many as fit into maxSuspectBytes, and keys of other
// identities, as many as the scan still reports: none can crowd out the others.
func (r *Reconciler) keepFound(s *scanned, endpointID string) func(plan.Key) bool {
	left, others, asked := maxSuspectBytes, maxOrphans-len(s.others), v1alpha1.MaxRevocations
	return func(key plan.Key) bool {
		if s.asked.named[key.ID] && asked > 0 {
			asked--
			return true
		}
		if len(r.others(s, endpointID, key)) > 0 {
			others--
			return others >= 0
		}
		if len(r.suspects(s, endpointID, key)) == 0 {
			return false
		}
		left -= cognigy.Key(key).Size()
		return left >= 0
	}
}

// findOn adds the suspects of an Endpoint, and verifies them once there are many. Keys of other identities need no verification, since
// nobody but people revokes them.
func (r *Reconciler) findOn(ctx context.Context, s *scanned, endpointID string) error {
	keys, err := r.keys(ctx, s, endpointID, r.Clock.Now().Add(-r.DriftInterval), r.keepFound(s, endpointID))
	if isHidden(err) {
		return nil
	}
	if err != nil {
		return err
	}
	r.noteStandings(s, endpointID, keys)
	s.suspects = append(s.suspects, r.suspects(s, endpointID, keys...)...)
	others := r.others(s, endpointID, keys...)
	s.others = append(s.others, others[:min(len(others), maxOrphans-len(s.others))]...)
	if len(s.suspects) < maxOrphans {
		return nil
	}
	return r.verify(ctx, s)
}

// start begins a scan, or goes on with one that yielded. It reads from the cache what saves requests later.
func (r *Reconciler) start(ctx context.Context, found v1alpha1.Connection, session *connection.Session) (s *scanned, err error) {
	s = &scanned{connection: found, session: session, referred: map[string]bool{}, progress: r.scanning.progress(found)}
	resources := &v1alpha1.EndpointAPIKeyList{}
	if err := r.List(ctx, resources, client.UnsafeDisableDeepCopy); err != nil { // the scan does not change them
		return nil, err
	}
	var owners, own []plan.Owner
	for i := range resources.Items {
		resource := &resources.Items[i]
		owner := plan.Owner{Namespace: resource.Namespace, UID: string(resource.UID)}
		owners = append(owners, owner)
		if !connection.RefersTo(resource, found) {
			continue
		}
		own = append(own, owner)
		endpoint := connection.ReportedEndpoint(resource)
		// A namespace without permission to use the connection may not have it list Endpoints either.
		_, err := r.Connections.Find(ctx, resource, endpoint)
		undecided := errors.Is(err, connection.ErrUndecided)
		switch {
		case endpoint.ID == "": // it has no key yet
		case err == nil, undecided && connection.Served(resource):
			s.referred[endpoint.ID] = true
		case !undecided && condition.FailureOf(err) == nil:
			return nil, err
		}
	}
	s.existing, s.own = plan.NewExistingOwners(r.Identity, owners), plan.NewOwnerDigests(own)
	if !s.listed {
		s.asked, s.standings = openRequest(found), map[string]plan.Standing{}
		s.endpoints, err = r.endpoints(ctx, s)
		s.listed = true
	}
	return s, err
}

// endpoints returns the Endpoints to scan: all that the connection's user sees, or those of its resources if Cognigy does not
// let the user list Endpoints.
func (r *Reconciler) endpoints(ctx context.Context, s *scanned) ([]string, error) {
	endpoints, err := s.session.ListEndpoints(ctx, func(request func() error) error { return r.send(ctx, s.connection, s.session, request) })
	if cognigy.IsKind(err, cognigy.Invalid) || isHidden(err) { // the same as for a probe
		return slices.Sorted(maps.Keys(s.referred)), nil
	}
	return endpoints, err
}

// isHidden reports whether Cognigy says that something does not exist, or not for this user.
func isHidden(err error) bool {
	return cognigy.IsKind(err, cognigy.NotFound) || cognigy.IsKind(err, cognigy.Forbidden) || cognigy.IsKind(err, cognigy.KeysNotSupported)
}
