// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// errUnprotected: the finalizers that keep the connection and its credentials are not there yet.
var errUnprotected = condition.Waiting(v1alpha1.ReasonConnectionNotReady,
	"the connection or its credentials Secret does not carry the finalizer %s yet, which keeps it from deletion, or is being deleted: then "+
		"the connection's condition CredentialsInUse says what to do; else find out what keeps the operator from changing the Secret's metadata", v1alpha1.InUseFinalizer)

// checkDependencies makes sure that the operator can revoke the key later: the connection and its credentials stay as long as
// this resource does. Both were read from the API server after this resource existed. The protection controllers look for
// resources before they remove a finalizer, and find this one.
func (r *Reconciler) checkDependencies(ctx context.Context, s *scope) error {
	found := s.connection.DeepCopyObject().(v1alpha1.Connection)
	if err := r.APIReader.Get(ctx, client.ObjectKeyFromObject(found), found); err != nil {
		return err
	}
	// Permission and address may have changed since the reconcile began.
	if err := r.permit(ctx, s, r.APIReader, found, s.endpointID); err != nil {
		return err
	}
	if found.GetUID() != s.connection.GetUID() || found.GetGeneration() != s.connection.GetGeneration() {
		return errReplaced
	}
	// mutation: issue-through-deleted-connection
	if !found.GetDeletionTimestamp().IsZero() {
		return condition.Waiting(v1alpha1.ReasonConnectionNotReady,
			"the connection %q is being deleted, so that the operator issues no key through it; its condition InUse says what the deletion waits "+
				"for and how to undo it", found.GetName())
	}
	if err := connection.Usable(found); err != nil {
		return err
	}
	if !s.credentials.Protected || !controllerutil.ContainsFinalizer(found, v1alpha1.InUseFinalizer) {
		return errUnprotected
	}
	s.setConnection(s.connection, nil) // lists may have been needed to decide that
	return nil
}
