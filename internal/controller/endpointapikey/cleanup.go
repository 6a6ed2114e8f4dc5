// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/types"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// cleanUpDeleted revokes the keys that this process issued for resources of a name that are gone although it did not release
// them: someone removed the finalizer by force, or the API server completed a deletion in spite of it that had begun before
// the finalizer was there (https://github.com/kubernetes/kubernetes/issues/77988). existing is the UID of the resource that
// has the name now, if any. It returns when to go on; zero if nothing is left to do, or if it is woken.
func (r *Reconciler) cleanUpDeleted(ctx context.Context, name types.NamespacedName, existing types.UID) (requeueAfter time.Duration) {
	for _, record := range r.issuances.deleted(name, existing) {
		requeueAfter = minNonZero(requeueAfter, r.cleanUp(ctx, record))
	}
	return requeueAfter
}

// cleanUp takes one step of the deletion plan for a resource that is gone. It returns zero when that is complete.
func (r *Reconciler) cleanUp(ctx context.Context, record issuanceRecord) time.Duration {
	// Requeues count under the UID: another resource may have the name by now.
	request := reconcile.Request{NamespacedName: types.NamespacedName{Namespace: record.key.Namespace, Name: string(record.key.UID)}}
	s, failure := r.observeDeleted(ctx, record)
	if failure == nil {
		next, stepFailure := r.step(ctx, s)
		if s.released {
			r.confirmations.Forget(request)
			r.failures.Forget(request)
			return 0
		}
		if errors.Is(stepFailure, ratelimit.ErrQueued) {
			return 0 // it is woken
		}
		result, err := r.result(request, s, next, stepFailure)
		if err == nil {
			return max(result.RequeueAfter, time.Millisecond)
		}
		failure = err
	}
	logf.FromContext(ctx).Error(failure, "could not revoke the keys of a deleted resource", "uid", record.key.UID)
	return r.backoff(request, failure)
}

// observeDeleted is observe for a resource that is gone. Withdrawn permission does not keep it from revoking.
func (r *Reconciler) observeDeleted(ctx context.Context, record issuanceRecord) (*scope, error) {
	s := newDeletedScope(record)
	if found, _ := r.Connections.Find(ctx, s.key, connection.EndpointOf(s.key, s.endpointID)); found != nil && found.GetUID() == record.session.Connection {
		s.setConnection(found, nil)
	}
	if err := r.readSecret(ctx, s); err != nil {
		return nil, err
	}
	r.derive(s)
	return s, nil
}

// minNonZero returns the shorter of two waits, of which zero is none.
func minNonZero(one, other time.Duration) time.Duration {
	if one == 0 || other == 0 {
		return max(one, other)
	}
	return min(one, other)
}
