// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package orphan

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// reportScan writes the outcome of a scan that ends now into the status, and what became of the keys that a person asked for.
func (r *Reconciler) reportScan(
	ctx context.Context, found v1alpha1.Connection, left outcome, asked request, revocations []v1alpha1.OrphanRevocation,
) error {
	scan := &v1alpha1.OrphanScan{
		Count:               int32(len(left.orphans)), //nolint:gosec // maxOrphans is the most
		OtherIdentityCount:  int32(len(left.others)),  //nolint:gosec // likewise
		OtherIdentityHashes: plan.IdentityHashes(left.others, v1alpha1.MaxIdentityHashes),
		Time:                metav1.NewTime(r.Clock.Now()).Rfc3339Copy(),
	}
	return r.report(ctx, found, func(status *v1alpha1.ConnectionStatus) {
		status.OrphanScan = scan
		asked.answer(status, revocations)
	})
}

// reportUnanswered says to a person who asked for revocations why there is no answer yet.
func (r *Reconciler) reportUnanswered(ctx context.Context, found v1alpha1.Connection, err error) error {
	asked, why := openRequest(found), unansweredBecause(err)
	if !asked.isOpen() || why == "" {
		return nil
	}
	return r.report(ctx, found, func(status *v1alpha1.ConnectionStatus) {
		asked.answer(status, asked.all(v1alpha1.RevocationPending, why))
	})
}

// reportIgnored takes the report of scans out of the status, since there are none.
func (r *Reconciler) reportIgnored(ctx context.Context, found v1alpha1.Connection) error {
	asked := openRequest(found)
	return r.report(ctx, found, func(status *v1alpha1.ConnectionStatus) {
		status.OrphanScan = nil
		asked.answer(status, asked.all(v1alpha1.RevocationDenied, "orphanPolicy is Ignore, so that nothing looks for orphans; set Report"))
	})
}

// report changes the status. It repeats a conflicting write itself, since repeating the scan would take long.
func (r *Reconciler) report(ctx context.Context, found v1alpha1.Connection, change func(*v1alpha1.ConnectionStatus)) error {
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		current := r.Kind.New()
		if err := r.APIReader.Get(ctx, client.ObjectKeyFromObject(found), current); err != nil {
			return err
		}
		if current.GetUID() != found.GetUID() {
			return nil
		}
		_, err := kube.PatchStatus(ctx, r.Client, current, func(changed v1alpha1.Connection) {
			status := changed.GetConnectionStatus()
			change(status)
			if kube.RevokeOrphans(changed) == "" { // what was asked once is of no interest any more
				status.LastHandledRevokeOrphans, status.OrphanRevocations = "", nil
			}
		})
		return err
	})
	return client.IgnoreNotFound(err)
}
