// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package orphan

import (
	"context"
	"time"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// keys lists the keys of an Endpoint. It shares lists with the resources of the connection, where there are any for the
// Endpoint. It keeps no other lists, since the server decides how many Endpoints there are, and how long their lists.
func (r *Reconciler) keys(ctx context.Context, s *scanned, endpointID string, notBefore time.Time) (keys []plan.Key, err error) {
	err = r.send(ctx, s.connection, s.session, func() error {
		if s.referred[endpointID] {
			listing, err := s.session.List(ctx, endpointID, notBefore)
			if err == nil {
				keys = listing.Keys
			}
			return err
		}
		listed, err := s.session.ListKeys(ctx, endpointID)
		for _, key := range listed {
			keys = append(keys, plan.Key(key))
		}
		return err
	})
	return keys, err
}

// send waits for the rate limit and sends a request. Where that takes long, the scan gives up its worker and starts over later.
func (r *Reconciler) send(ctx context.Context, found v1alpha1.Connection, session *connection.Session, request func() error) error {
	for wait := r.reserve(found, session); wait > 0; wait = r.reserve(found, session) {
		if wait > r.DriftInterval {
			return &ratelimit.Wait{For: wait}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	sent := r.Clock.Now()
	err := request()
	session.Observe(err, sent, r.Clock.Now())
	return err
}

func (r *Reconciler) reserve(found v1alpha1.Connection, session *connection.Session) time.Duration {
	return session.Reserve(found.GetUID(), 1, r.Clock.Now())
}
