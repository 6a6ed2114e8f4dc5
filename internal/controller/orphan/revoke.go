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
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// errUnwanted: nobody wants the key revoked any more.
var errUnwanted = errors.New("neither orphanPolicy nor the annotation has the key revoked any more")

// revoke revokes orphans, and returns those that it revoked. The next scan tries the others again.
func (r *Reconciler) revoke(ctx context.Context, s *scanned, orphans []plan.MarkedKey) ([]plan.MarkedKey, error) {
	var revoked []plan.MarkedKey
	var failures []error
	for _, orphan := range orphans {
		err := r.send(ctx, s.connection, s.session, func() error {
			if err := r.checkWanted(ctx, s.connection, orphan); err != nil {
				return err
			}
			return s.session.DeleteKey(ctx, orphan.EndpointID, orphan.ID)
		})
		if errors.Is(err, errUnwanted) {
			break
		}
		if err != nil {
			r.audit(ctx, s.connection, orphan, audit.Line{Action: audit.NotRevoked, Reason: audit.ReasonOrphan, Detail: err.Error()})
			failures = append(failures, err)
			if cognigy.AsError(err) == nil || cognigy.IsKind(err, cognigy.RateLimited) {
				break
			}
			continue
		}
		revoked = append(revoked, orphan)
		r.Metrics.OrphanRevoked(s.connection)
		r.audit(ctx, s.connection, orphan, audit.Line{Action: audit.Revoked, Reason: audit.ReasonOrphan, Detail: s.asked.detail(orphan)})
		r.emitRevoked(s.connection, orphan)
	}
	r.warnOfFailures(s.connection, len(failures), errors.Join(failures...))
	return revoked, errors.Join(failures...)
}

// checkWanted reads from the API server whether policy or annotation still have a key revoked. A scan takes time, and a user who changes
// them back may be in a hurry.
func (r *Reconciler) checkWanted(ctx context.Context, found v1alpha1.Connection, orphan plan.MarkedKey) error {
	current := r.Kind.New()
	if err := r.APIReader.Get(ctx, client.ObjectKeyFromObject(found), current); err != nil {
		return err
	}
	wanted := revokesAll(current) || requestOf(current).named[orphan.ID]
	if current.GetUID() != found.GetUID() || !current.GetDeletionTimestamp().IsZero() || !wanted {
		return errUnwanted
	}
	return nil
}

// revokesAll reports whether a connection has all orphans revoked.
func revokesAll(found v1alpha1.Connection) bool {
	return found.GetConnectionSpec().OrphanPolicy == v1alpha1.OrphanPolicyRevoke
}
