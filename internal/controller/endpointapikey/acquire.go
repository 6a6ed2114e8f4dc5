// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// session returns a session for a number of requests, or why there is none. The first call of a reconcile acquires the
// session, which may have to wait; later ones charge it.
func (r *Reconciler) session(ctx context.Context, s *scope, requests int) (*connection.Session, error) {
	session, err := r.permittedSession(ctx, s)
	if err != nil {
		return nil, err
	}
	if s.acquired != nil {
		session.Charge(requests)
		return session, nil
	}
	request := ratelimit.Request{
		Waiter: s.key.UID, Connection: session.Connection, EndpointID: s.endpointID,
		Failing: s.deleted || r.failures.NumRequeues(requestFor(s.key)) > 0,
	}
	if wait := session.Acquire(request, r.Clock.Now()); wait > 0 {
		return nil, &ratelimit.Wait{For: wait}
	}
	s.setAcquired(session, request)
	session.Charge(requests - 1)
	return session, nil
}

// permittedSession returns the session of the scope's connection. Permission that was withdrawn does not keep a resource that
// is being deleted from revoking its keys. A deleted resource falls back to the session that its latest POST went through.
func (r *Reconciler) permittedSession(ctx context.Context, s *scope) (*connection.Session, error) {
	if s.deleted {
		if s.connection == nil {
			return s.lastUsed, nil
		}
		if session, err := r.Connections.Session(ctx, s.connection); err == nil {
			return session, nil
		}
		return s.lastUsed, nil
	}
	if s.connection == nil || s.blocked != nil && !s.observed.Deleting {
		return nil, s.blocked
	}
	if err := connection.Usable(s.connection); err != nil {
		return nil, err
	}
	return r.Connections.Session(ctx, s.connection)
}

// release gives the scope's place to another resource. If Cognigy does not answer as it should, or rejects the credentials,
// it has the connection probed: if all of Cognigy fails, the connection reports so, and its other resources send nothing.
func (r *Reconciler) release(s *scope, failure error) {
	if s.acquired == nil {
		return
	}
	s.acquired.Release(s.request, failure, r.Clock.Now())
	suspicious := cognigy.IsKind(failure, cognigy.Unavailable) || cognigy.IsKind(failure, cognigy.Unauthorized)
	if suspicious && s.connection != nil && s.acquired.RequestProbe(r.Clock.Now()) {
		r.Probe(s.connection)
	}
}

func requestFor(key *v1alpha1.EndpointAPIKey) reconcile.Request {
	return reconcile.Request{NamespacedName: client.ObjectKeyFromObject(key)}
}

// retryAfterWindow returns an error while Cognigy wants no request.
func (r *Reconciler) retryAfterWindow(session *connection.Session) error {
	if window := session.RetryAfter(r.Clock.Now()); window > 0 {
		return &ratelimit.Wait{For: window}
	}
	return nil
}
