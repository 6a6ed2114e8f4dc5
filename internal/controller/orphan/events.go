// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package orphan

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// warnOfOrphans reports orphans that the scan before did not find.
func (r *Reconciler) warnOfOrphans(found v1alpha1.Connection, orphans []plan.MarkedKey) {
	if len(orphans) == 0 {
		return
	}
	var named []string
	for _, orphan := range orphans {
		named = append(named, fmt.Sprintf("%s of Endpoint %s", orphan.ID, orphan.EndpointID))
	}
	advice := "If no other cluster has the identity of this one, set orphanPolicy: Revoke, or revoke the keys in Cognigy"
	if found.GetConnectionSpec().OrphanPolicy == v1alpha1.OrphanPolicyRevoke {
		advice = "The operator revokes those that the next scan finds again"
	}
	kube.Event{Type: corev1.EventTypeWarning, Reason: v1alpha1.EventOrphaned, Action: "Scan", KeyID: orphans[0].ID}.
		Emit(r.Events, found, "the scan found %d new orphans: keys with this cluster's marker whose EndpointAPIKey does not exist. %s: %s",
			len(orphans), advice, condition.Enumerate(named))
}

// warnOfPermission reports that the operator may not read what tells orphans from other keys.
func (r *Reconciler) warnOfPermission(found v1alpha1.Connection, err error) {
	kube.Event{Type: corev1.EventTypeWarning, Reason: v1alpha1.EventOrphansUnknown, Action: "Scan"}.
		Emit(r.Events, found, "the operator cannot tell which keys are orphans; permit it to list endpointapikeys and secrets in all "+
			"namespaces, or set orphanPolicy: Ignore: %s", err)
}

func (r *Reconciler) emitRevoked(found v1alpha1.Connection, orphan plan.MarkedKey) {
	kube.Event{Type: corev1.EventTypeNormal, Reason: v1alpha1.EventOrphanRevoked, Action: "Revoke", KeyID: orphan.ID}.
		Emit(r.Events, found, "revoked key %s (%s) of Endpoint %s, which had no EndpointAPIKey", orphan.ID, orphan.Preview, orphan.EndpointID)
}

func (r *Reconciler) warnOfFailures(found v1alpha1.Connection, count int, err error) {
	if failure := condition.FailureOf(err); failure != nil {
		kube.Event{Type: corev1.EventTypeWarning, Reason: failure.Reason, Action: "Revoke"}.
			Emit(r.Events, found, "the operator could not revoke %d orphans: %s", count, failure.Message)
	}
}
