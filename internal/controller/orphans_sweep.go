// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// sweep looks for orphans, tells about new ones, and revokes those that the sweep before showed, too, if that is wanted. What
// fails before all lists were read leaves the latest sweep as it is.
func (r *OrphanReconciler) sweep(ctx context.Context, found v1alpha1.Connection, latest *sweep) error {
	ctx, cancel := context.WithTimeout(ctx, longestSweep)
	defer cancel()
	link, err := r.Connections.Link(ctx, found)
	if err != nil {
		return err
	}
	orphans, err := r.find(ctx, found, link)
	if apierrors.IsForbidden(err) {
		r.Events.Eventf(found, nil, corev1.EventTypeWarning, v1alpha1.EventOrphansUnknown, "Sweep", "%s", clip(
			"it cannot be told which keys are orphans; allow the operator to list endpointapikeys and secrets in all namespaces, "+
				"or set orphanPolicy: Ignore: "+err.Error(), maxNote))
	}
	if err != nil {
		return err
	}
	again, fresh := plan.Compare(orphans, latest.orphans)
	r.warn(found, fresh)
	var revoked []plan.MarkedKey
	if found.GetConnectionSpec().OrphanPolicy == v1alpha1.OrphanPolicyRevoke {
		revoked, err = r.revoke(ctx, found, link, again)
	}
	latest.orphans, latest.complete = plan.Without(orphans, revoked), true
	// Counted from the end, so that the next sweep shares no list from before these revocations.
	latest.next = r.Clock.Now().Add(plan.Spread(driftsPerSweep*r.DriftInterval, string(found.GetUID())))
	return err
}

// warn tells about orphans that were not seen before.
func (r *OrphanReconciler) warn(found v1alpha1.Connection, orphans []plan.MarkedKey) {
	if len(orphans) == 0 {
		return
	}
	var named []string
	for _, orphan := range orphans[:min(len(orphans), mostNamed)] {
		named = append(named, fmt.Sprintf("%s of Endpoint %s", orphan.ID, orphan.EndpointID))
	}
	if len(orphans) > mostNamed {
		named = append(named, "...")
	}
	whatNow := "If no other cluster has this one's identity, set orphanPolicy: Revoke, or revoke them in Cognigy"
	if found.GetConnectionSpec().OrphanPolicy == v1alpha1.OrphanPolicyRevoke {
		whatNow = "They will be revoked if the next sweep shows them, too"
	}
	note := fmt.Sprintf("new orphans: %d. They are keys with this cluster's marker whose EndpointAPIKey does not exist. %s: %s",
		len(orphans), whatNow, strings.Join(named, ", "))
	r.Events.Eventf(found, related(found, orphans[0].ID), corev1.EventTypeWarning, v1alpha1.EventOrphaned, "Sweep", "%s", clip(note, maxNote))
}

// revoke revokes orphans, and returns those that it did. The others are tried again after the next sweep.
func (r *OrphanReconciler) revoke(ctx context.Context, found v1alpha1.Connection, link *connection.Link, orphans []plan.MarkedKey) ([]plan.MarkedKey, error) {
	var revoked []plan.MarkedKey
	var failures []error
	for _, orphan := range orphans {
		err := r.send(ctx, found, link, func() error {
			if err := r.wantsRevocation(ctx, found); err != nil {
				return err
			}
			return link.DeleteKey(ctx, orphan.EndpointID, orphan.ID)
		})
		if errors.Is(err, errUnwanted) {
			break
		}
		if err != nil {
			failures = append(failures, err)
			if cognigy.AsError(err) == nil || cognigy.IsKind(err, cognigy.RateLimited) {
				break
			}
			continue
		}
		revoked = append(revoked, orphan)
		logf.FromContext(ctx).Info("revoked an orphan", "endpointID", orphan.EndpointID, "keyID", orphan.ID, "keyPreview", orphan.Preview)
		r.Events.Eventf(found, related(found, orphan.ID), corev1.EventTypeNormal, v1alpha1.EventOrphanRevoked, "Revoke", "%s", clip(
			fmt.Sprintf("revoked key %s (%s) of Endpoint %s, which had no EndpointAPIKey", orphan.ID, orphan.Preview, orphan.EndpointID), maxNote))
	}
	if problem := problemOf(errors.Join(failures...)); problem != nil {
		r.Events.Eventf(found, nil, corev1.EventTypeWarning, problem.Reason, "Revoke", "%s", clip(
			fmt.Sprintf("%d orphans could not be revoked: %s", len(failures), problem.Message), maxNote))
	}
	return revoked, errors.Join(failures...)
}

// errUnwanted: the connection's policy is not to revoke.
var errUnwanted = errors.New("orphans are not to be revoked")

// wantsRevocation asks the API server whether the policy is to revoke. Sweeps take time, and whoever changes the policy back may
// be in a hurry.
func (r *OrphanReconciler) wantsRevocation(ctx context.Context, found v1alpha1.Connection) error {
	live := r.New()
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(found), live); err != nil {
		return err
	}
	if live.GetUID() != found.GetUID() || !live.GetDeletionTimestamp().IsZero() ||
		live.GetConnectionSpec().OrphanPolicy != v1alpha1.OrphanPolicyRevoke {
		return errUnwanted
	}
	return nil
}
