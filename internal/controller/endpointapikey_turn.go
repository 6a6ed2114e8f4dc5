// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// link returns the client of the pass's connection for one request, or why there is none. Permission that was taken back does
// not keep a resource that is being deleted from revoking its keys.
func (r *EndpointAPIKeyReconciler) link(ctx context.Context, p *pass) (*connection.Link, error) {
	if p.connection == nil || p.blocked != nil && !p.observed.Deleting {
		return nil, p.blocked
	}
	if err := connection.Usable(p.connection); err != nil {
		return nil, err
	}
	link, err := r.Connections.Link(ctx, p.connection)
	if err != nil {
		return nil, err
	}
	if p.admitted != nil {
		link.Owe(1)
		return link, nil
	}
	again := r.failures.NumRequeues(requestFor(p.key)) > 0
	if wait := link.Enter(p.key.UID, p.key.Spec.Endpoint.ID, again, r.Clock.Now()); wait > 0 {
		return nil, &notYet{wait: wait}
	}
	p.admitted = link
	return link, nil
}

func requestFor(key *v1alpha1.EndpointAPIKey) reconcile.Request {
	return reconcile.Request{NamespacedName: client.ObjectKeyFromObject(key)}
}

// leave makes room for others. If Cognigy does not answer as it should, or rejects the credentials, the connection is probed:
// should that be true of all of Cognigy, the connection says so soon, and no more resources ask.
func (r *EndpointAPIKeyReconciler) leave(p *pass, failure error) {
	if p.admitted == nil {
		return
	}
	p.admitted.Leave(p.key.UID, failure, r.Clock.Now())
	doubtful := cognigy.IsKind(failure, cognigy.Unavailable) || cognigy.IsKind(failure, cognigy.Unauthorized)
	if doubtful && p.admitted.Doubt(r.Clock.Now()) {
		r.Doubt(p.connection)
	}
}

// notYet: it is not this resource's turn to send requests.
type notYet struct{ wait time.Duration }

// Error implements error.
func (e *notYet) Error() string { return "waiting for a turn" }
