// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package orphan

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// keys lists the keys of an Endpoint, at least those that keep accepts. It shares lists with the resources of the connection, where
// there are any for the Endpoint, and the list is not too long for that: then a scan is what can make it shorter. It remembers no
// other lists, since the server decides how many Endpoints there are, and how long their lists. For a person who waits it shares none:
// they may be older than what the person saw, and lack keys without a marker.
func (r *Reconciler) keys(
	ctx context.Context, s *scanned, endpointID string, notBefore time.Time, keep func(plan.Key) bool,
) (keys []plan.Key, err error) {
	if s.referred[endpointID] && !s.asked.isOpen() {
		err = r.send(ctx, s.connection, s.session, func() error {
			listing, err := s.session.List(ctx, endpointID, notBefore)
			if err == nil {
				keys = listing.Keys
			}
			return err
		})
		if !cognigy.IsKind(err, cognigy.TooManyKeys) {
			return keys, err
		}
	}
	err = r.send(ctx, s.connection, s.session, func() error {
		listed, err := s.session.ListKeys(ctx, endpointID, func(key cognigy.Key) bool { return keep(plan.Key(key)) })
		for _, key := range listed {
			keys = append(keys, plan.Key(key))
		}
		return err
	})
	return keys, err
}

// send waits for the rate limit and sends a request, again and again while Cognigy says that there are too many.
func (r *Reconciler) send(ctx context.Context, found v1alpha1.Connection, session *connection.Session, request func() error) error {
	waiting := ratelimit.Request{
		Waiter: r.Kind.Prefix + "scan " + client.ObjectKeyFromObject(found).String(), Namespace: found.GetNamespace(),
		Connection: found.GetUID(), Routine: true,
	}
	for {
		if err := session.Wait(ctx, waiting); err != nil {
			return err
		}
		err := request()
		session.Release(waiting.Waiter, err)
		if !cognigy.IsKind(err, cognigy.RateLimited) || ratelimit.RetryAfter(err) > r.DriftInterval {
			return err
		}
	}
}
