// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package orphan

import (
	"context"
	"errors"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// errPolicyChanged: the connection's policy is not to revoke any more.
var errPolicyChanged = errors.New("orphanPolicy is not Revoke any more")

// revoke revokes orphans, and returns those that it revoked. The next scan tries the others again.
func (r *Reconciler) revoke(
	ctx context.Context, found v1alpha1.Connection, session *connection.Session, orphans []plan.MarkedKey,
) ([]plan.MarkedKey, error) {
	var revoked []plan.MarkedKey
	var failures []error
	for _, orphan := range orphans {
		err := r.send(ctx, found, session, func() error {
			if err := r.checkPolicy(ctx, found); err != nil {
				return err
			}
			return session.DeleteKey(ctx, orphan.EndpointID, orphan.ID)
		})
		if errors.Is(err, errPolicyChanged) {
			break
		}
		if err != nil {
			r.audit(ctx, found, orphan, audit.Line{Action: audit.NotRevoked, Reason: audit.ReasonOrphan, Detail: err.Error()})
			failures = append(failures, err)
			if cognigy.AsError(err) == nil || cognigy.IsKind(err, cognigy.RateLimited) {
				break
			}
			continue
		}
		revoked = append(revoked, orphan)
		r.Metrics.OrphanRevoked(found)
		r.audit(ctx, found, orphan, audit.Line{Action: audit.Revoked, Reason: audit.ReasonOrphan})
		r.emitRevoked(found, orphan)
	}
	r.warnOfFailures(found, len(failures), errors.Join(failures...))
	return revoked, errors.Join(failures...)
}

// checkPolicy reads from the API server whether the policy still is to revoke. A scan takes time, and a user who changes the
// policy back may be in a hurry.
func (r *Reconciler) checkPolicy(ctx context.Context, found v1alpha1.Connection) error {
	current := r.Kind.New()
	if err := r.APIReader.Get(ctx, client.ObjectKeyFromObject(found), current); err != nil {
		return err
	}
	if current.GetUID() != found.GetUID() || !current.GetDeletionTimestamp().IsZero() ||
		current.GetConnectionSpec().OrphanPolicy != v1alpha1.OrphanPolicyRevoke {
		return errPolicyChanged
	}
	return nil
}
