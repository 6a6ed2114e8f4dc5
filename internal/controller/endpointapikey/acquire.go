// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// reserveFirst returns a resource that nothing was done for yet, nil for any other one, and whether the resource has to wait for
// the rate limit. It reads from caches only, so that thousands of resources that wait cost no request. What the cache
// shows of such a resource will do: every write to it fails if it has changed since.
func (r *Reconciler) reserveFirst(ctx context.Context, request reconcile.Request) (key *v1alpha1.EndpointAPIKey, waits bool) {
	key = &v1alpha1.EndpointAPIKey{}
	if err := r.Get(ctx, request.NamespacedName, key); err != nil || !r.isNew(ctx, key) {
		return nil, false
	}
	session := r.knownUsable(ctx, key)
	if session == nil {
		return nil, false
	}
	return key, !session.Reserve(r.request(newScope(key), session))
}

// isNew reports whether a resource needs its first key, as far as caches and this process know.
func (r *Reconciler) isNew(ctx context.Context, key *v1alpha1.EndpointAPIKey) bool {
	untouched := key.DeletionTimestamp.IsZero() && !key.Spec.Suspend && len(key.Finalizers) == 0 &&
		equality.Semantic.DeepEqual(key.Status, v1alpha1.EndpointAPIKeyStatus{})
	return untouched && !r.issuances.knows(client.ObjectKeyFromObject(key)) &&
		apierrors.IsNotFound(r.Cache.Get(ctx, key.SecretName(), kube.SecretMetadata()))
}

// knownUsable returns the session that a resource may use, as far as caches and this process know, or nil.
func (r *Reconciler) knownUsable(ctx context.Context, key *v1alpha1.EndpointAPIKey) *connection.Session {
	found, err := r.Connections.Find(ctx, key, connection.ReportedEndpoint(key))
	if (err == nil || errors.Is(err, connection.ErrUndecided)) && connection.Usable(found) == nil {
		return r.Connections.Known(found)
	}
	return nil
}

// request is what a scope wants to send.
func (r *Reconciler) request(s *scope, session *connection.Session) ratelimit.Request {
	name := requestFor(s.key)
	return ratelimit.Request{
		Waiter: s.waiter(), Namespace: s.key.Namespace, Connection: session.Connection, EndpointID: s.target(),
		// What fails must not slow others, and neither must the look at what is delivered.
		Routine: s.deleted || s.driftCheck || r.failures.NumRequeues(name) > 1, // once may be chance
		Wake:    func() { r.waker.Wake(name) },
	}
}

// reserve returns a session once there is a reservation for the resource, which need not use it.
func (r *Reconciler) reserve(ctx context.Context, s *scope) (*connection.Session, error) {
	session, err := r.permittedSession(ctx, s)
	if err != nil || s.acquired != nil {
		return session, err
	}
	if !session.Reserve(r.request(s, session)) {
		return nil, ratelimit.ErrQueued
	}
	return session, nil
}

// session returns a session for a number of requests, or why there is none. The first call of a reconcile acquires
// the requests, for which the resource may have to wait; later ones charge them.
func (r *Reconciler) session(ctx context.Context, s *scope, requests int) (*connection.Session, error) {
	session, err := r.permittedSession(ctx, s)
	if err != nil {
		return nil, err
	}
	if s.acquired != nil {
		session.Charge(s.waiter(), requests)
		return session, nil
	}
	return session, r.acquire(s, session, requests)
}

// acquire acquires a number of requests for a scope.
func (r *Reconciler) acquire(s *scope, session *connection.Session, requests int) error {
	if !session.Acquire(r.request(s, session)) {
		return ratelimit.ErrQueued
	}
	s.setAcquired(session)
	session.Charge(s.waiter(), requests-1)
	return nil
}

// permittedSession returns the session of the scope's connection. Permission that was withdrawn does not keep a resource from
// revoking its keys; checkDependencies has it issue none. A deleted resource falls back to the session that its latest POST went
// through.
func (r *Reconciler) permittedSession(ctx context.Context, s *scope) (*connection.Session, error) {
	if s.deleted {
		if s.connection == nil {
			return s.lastUsed, nil
		}
		if session, _, err := r.Connections.Session(ctx, s.connection); err == nil {
			return session, nil
		}
		return s.lastUsed, nil
	}
	mayRevoke := !s.observed.DeletingSince.IsZero() || s.unpermitted() && s.observed.Served
	if s.connection == nil || s.blocked != nil && !s.undecided() && !mayRevoke {
		return nil, s.blocked
	}
	if err := connection.Usable(s.connection); err != nil {
		return nil, err
	}
	session, credentials, err := r.Connections.Session(ctx, s.connection)
	s.setCredentials(credentials)
	return session, err
}

// release ends the scope's requests, so that others may follow. If Cognigy does not answer as it should, or rejects the credentials,
// it has the connection probed: if all of Cognigy fails, the connection reports so, and its other resources send nothing.
func (r *Reconciler) release(s *scope, failure error) {
	if s.acquired == nil {
		if !errors.Is(failure, ratelimit.ErrQueued) {
			r.Connections.Hosts.Cancel(s.waiter())
		}
		return
	}
	s.acquired.Release(s.waiter(), failure)
	suspicious := cognigy.IsKind(failure, cognigy.Unavailable) || cognigy.AboutCredentials(failure)
	if suspicious && s.connection != nil && s.acquired.RequestProbe(r.Clock.Now()) {
		r.Probe(s.connection)
	}
}

// isDriftCheck reports whether a plan only looks at what is delivered: nothing else asks for the list.
func (r *Reconciler) isDriftCheck(next plan.Plan) bool {
	rotates := !next.RotatesAt.IsZero() && !r.Clock.Now().Before(next.RotatesAt)
	return next.Do == plan.List && !next.ListNotBefore.IsZero() && !rotates
}

func requestFor(key *v1alpha1.EndpointAPIKey) reconcile.Request {
	return reconcile.Request{NamespacedName: client.ObjectKeyFromObject(key)}
}
