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

// reportScan writes the outcome of a scan that ends now into the status.
func (r *Reconciler) reportScan(ctx context.Context, found v1alpha1.Connection, left outcome) error {
	return r.report(ctx, found, &v1alpha1.OrphanScan{
		Count:               int32(len(left.orphans)), //nolint:gosec // maxOrphans is the most
		OtherIdentityCount:  int32(len(left.others)),  //nolint:gosec // likewise
		OtherIdentityHashes: plan.IdentityHashes(left.others, v1alpha1.MaxIdentityHashes),
		Time:                metav1.NewTime(r.Clock.Now()).Rfc3339Copy(),
	})
}

// report writes a scan into the status. It repeats a conflicting write itself, since repeating the scan would take long.
func (r *Reconciler) report(ctx context.Context, found v1alpha1.Connection, scan *v1alpha1.OrphanScan) error {
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		current := r.Kind.New()
		if err := r.APIReader.Get(ctx, client.ObjectKeyFromObject(found), current); err != nil {
			return err
		}
		if current.GetUID() != found.GetUID() {
			return nil
		}
		_, err := kube.PatchStatus(ctx, r.Client, current, func(changed v1alpha1.Connection) {
			changed.GetConnectionStatus().OrphanScan = scan
		})
		return err
	})
	return client.IgnoreNotFound(err)
}
