// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package orphan

import (
	"context"
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
	// longestScan bounds how long a Cognigy that answers slowly holds a worker. Ten thousand Endpoints take half of it, at the
	// third of a request per second that is left to a scan where everybody else wants requests, too.
	longestScan = 24 * time.Hour
	// maxOrphans bounds how much memory a scan takes, since anyone who names keys in Cognigy decides how many there are. Later
	// scans find the others once these are gone.
	maxOrphans = 1000
	// maxSuspectBytes bounds likewise how much memory the suspects of one Endpoint take, before they are verified: those of some
	// 15,000 resources. What is left out of a list only has to wait for a later scan.
	maxSuspectBytes = 4 << 20
)

// scan finds orphans, reports new ones, and revokes those that the scan before found, too, if the policy is to. A failure
// before all lists were read leaves the outcome of the scan before as it is.
func (r *Reconciler) scan(ctx context.Context, found v1alpha1.Connection) error {
	ctx, cancel := context.WithTimeout(ctx, longestScan)
	defer cancel()
	session, _, err := r.Connections.Session(ctx, found)
	if err != nil {
		return err
	}
	orphans, err := r.find(ctx, found, session)
	if apierrors.IsForbidden(err) {
		r.warnOfPermission(found, err)
	}
	if err != nil {
		return err
	}
	again, fresh := plan.Compare(orphans, r.history.of(found))
	r.warnOfOrphans(ctx, found, fresh)
	var revoked []plan.MarkedKey
	if found.GetConnectionSpec().OrphanPolicy == v1alpha1.OrphanPolicyRevoke {
		revoked, err = r.revoke(ctx, found, session, again)
	}
	left := plan.Without(orphans, revoked)
	r.history.set(found, left)
	if reportErr := r.reportScan(ctx, found, len(left)); reportErr != nil {
		return reportErr
	}
	return err
}

// scanned is one scan while it looks for orphans.
type scanned struct {
	connection v1alpha1.Connection
	session    *connection.Session
	// existing are the resources that the cache shows: those that existed before the scan need no verification after it.
	existing plan.ExistingOwners
	// referred are the Endpoints of the connection's own resources.
	referred map[string]bool
	suspects []plan.MarkedKey // not verified yet
	orphans  []plan.MarkedKey
}

// find returns the orphans on all Endpoints that the connection's user sees, maxOrphans at most.
func (r *Reconciler) find(ctx context.Context, found v1alpha1.Connection, session *connection.Session) ([]plan.MarkedKey, error) {
	s, err := r.start(ctx, found, session)
	if err != nil {
		return nil, err
	}
	endpoints, err := r.endpoints(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, endpointID := range endpoints {
		keys, err := r.keys(ctx, s, endpointID, r.Clock.Now().Add(-r.DriftInterval), r.keepSuspects(s, endpointID))
		if isHidden(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s.suspects = append(s.suspects, r.suspects(s, endpointID, keys...)...)
		if len(s.suspects) < maxOrphans {
			continue
		}
		if err := r.verify(ctx, s); err != nil {
			return nil, err
		}
		if len(s.orphans) == maxOrphans {
			break
		}
	}
	if err := r.verify(ctx, s); err != nil {
		return nil, err
	}
	return r.confirm(ctx, s)
}

// suspects returns those of an Endpoint's keys that have a marker of this cluster and no resource that the cache shows.
func (r *Reconciler) suspects(s *scanned, endpointID string, keys ...plan.Key) []plan.MarkedKey {
	return plan.Orphans(plan.MarkedKeys(r.Identity, endpointID, keys), s.existing, nil)
}

// keepSuspects accepts suspects of an Endpoint, as many as fit into maxSuspectBytes.
func (r *Reconciler) keepSuspects(s *scanned, endpointID string) func(plan.Key) bool {
	left := maxSuspectBytes
	return func(key plan.Key) bool {
		if len(r.suspects(s, endpointID, key)) == 0 {
			return false
		}
		left -= cognigy.Key(key).Size()
		return left >= 0
	}
}

// start reads from the cache what saves requests later.
func (r *Reconciler) start(ctx context.Context, found v1alpha1.Connection, session *connection.Session) (*scanned, error) {
	s := &scanned{connection: found, session: session, referred: map[string]bool{}}
	resources := &v1alpha1.EndpointAPIKeyList{}
	if err := r.List(ctx, resources, client.UnsafeDisableDeepCopy); err != nil { // the scan does not change them
		return nil, err
	}
	var owners []plan.Owner
	for i := range resources.Items {
		resource := &resources.Items[i]
		owners = append(owners, plan.Owner{Namespace: resource.Namespace, UID: string(resource.UID)})
		if !connection.RefersTo(resource, found) {
			continue
		}
		// A namespace without permission to use the connection may not have it list Endpoints either.
		if _, err := r.Connections.Find(ctx, resource); err == nil {
			s.referred[resource.Spec.Endpoint.ID] = true
		} else if condition.FailureOf(err) == nil {
			return nil, err
		}
	}
	s.existing = plan.NewExistingOwners(r.Identity, owners)
	return s, nil
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
	return cognigy.IsKind(err, cognigy.NotFound) || cognigy.IsKind(err, cognigy.Forbidden)
}
