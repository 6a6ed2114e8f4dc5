// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package orphan

import (
	"context"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// audit tells what a scan of a connection found or did.
func (r *Reconciler) audit(ctx context.Context, found v1alpha1.Connection, key plan.MarkedKey, line audit.Line) {
	line.Kind = string(v1alpha1.ConnectionKindNamespaced)
	if connection.IsCluster(found) {
		line.Kind = string(v1alpha1.ConnectionKindCluster)
	}
	line.Namespace, line.Name, line.UID = found.GetNamespace(), found.GetName(), string(found.GetUID())
	line.Generation, line.Connection = found.GetGeneration(), line.Kind+"/"+line.Name
	line.EndpointID, line.KeyID, line.IdentityHash = key.EndpointID, key.ID, key.IdentityHash()
	r.Audit.Record(ctx, line)
}
