// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package orphan

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// warnOfOrphans reports orphans that the scan before did not find. The log names the Endpoints of all of them.
func (r *Reconciler) warnOfOrphans(ctx context.Context, found v1alpha1.Connection, orphans []plan.MarkedKey) {
	if len(orphans) == 0 {
		return
	}
	advice := "If no other cluster has the identity of this one, name in the annotation " + v1alpha1.RevokeOrphansAnnotation + " those to revoke, " +
		"set orphanPolicy: Revoke, or revoke the keys in Cognigy"
	if connection.IsCluster(found) {
		advice += "; the operator's log names their Endpoints"
	}
	if revokesAll(found) {
		advice = "The operator revokes those that the next scan finds again"
	}
	kube.Event{Type: corev1.EventTypeWarning, Reason: v1alpha1.EventOrphaned, Action: "Scan", KeyID: orphans[0].ID}.
		Emit(r.Events, found, "the scan found %d new orphans: keys with this cluster's marker whose EndpointAPIKey does not exist. %s: %s",
			len(orphans), advice, r.nameAll(ctx, found, audit.OrphanFound, orphans))
}

// warnOfOtherIdentities reports keys of other identities that the scan before did not find. They may be in use: until a resource has
// another key, its Secret holds one of them.
func (r *Reconciler) warnOfOtherIdentities(ctx context.Context, found v1alpha1.Connection, others []plan.MarkedKey) {
	if len(others) == 0 {
		return
	}
	advice := "If --cluster-id changed, add its earlier value (by default the UID of the namespace kube-system) to --former-cluster-ids, " +
		"or revoke them in Cognigy once nothing uses them"
	if connection.IsCluster(found) {
		advice += "; the operator's log names their Endpoints"
	}
	kube.Event{Type: corev1.EventTypeWarning, Reason: v1alpha1.EventOtherIdentity, Action: "Scan", KeyID: others[0].ID}.
		Emit(r.Events, found, "the scan found %d new keys of this connection's EndpointAPIKeys with another cluster identity, which the "+
			"operator leaves alone. %s. If another cluster is a copy of this one, they may be its own: %s",
			len(others), advice, r.nameAll(ctx, found, audit.OtherFound, others))
}

// warnOfPermission reports that the operator may not read what tells orphans from other keys.
func (r *Reconciler) warnOfPermission(found v1alpha1.Connection, err error) {
	kube.Event{Type: corev1.EventTypeWarning, Reason: v1alpha1.EventOrphansUnknown, Action: "Scan"}.
		Emit(r.Events, found, "the operator cannot tell which keys are orphans; permit it to list endpointapikeys and secrets in all "+
			"namespaces, or set orphanPolicy: Ignore: %s", err)
}

// warnOfDenied reports keys that a person wants revoked, and that the operator does not revoke.
func (r *Reconciler) warnOfDenied(found v1alpha1.Connection, revocations []v1alpha1.OrphanRevocation) {
	var denied []string
	for _, each := range revocations {
		if each.Result == v1alpha1.RevocationDenied {
			denied = append(denied, fmt.Sprintf("%s (%s)", each.KeyID, each.Message))
		}
	}
	if len(denied) == 0 || isPending(revocations) { // a later scan tells of all
		return
	}
	kube.Event{Type: corev1.EventTypeWarning, Reason: v1alpha1.EventOrphanNotRevoked, Action: "Revoke"}.
		Emit(r.Events, found, "the operator does not revoke %d keys that the annotation %s names: %s",
			len(denied), v1alpha1.RevokeOrphansAnnotation, condition.Enumerate(denied))
}

func (r *Reconciler) emitRevoked(found v1alpha1.Connection, orphan plan.MarkedKey) {
	kube.Event{Type: corev1.EventTypeNormal, Reason: v1alpha1.EventOrphanRevoked, Action: "Revoke", KeyID: orphan.ID}.
		Emit(r.Events, found, "revoked key %s, with the preview %s, which had no EndpointAPIKey", nameFor(found, orphan), orphan.Preview)
}

// nameAll tells of keys with their Endpoints, and names the first ones for an event.
func (r *Reconciler) nameAll(ctx context.Context, found v1alpha1.Connection, action audit.Action, keys []plan.MarkedKey) string {
	var named []string
	for _, key := range keys {
		r.audit(ctx, found, key, audit.Line{Action: action, Reason: audit.ReasonScan})
		named = append(named, nameFor(found, key))
	}
	return condition.Enumerate(named)
}

// nameFor names a key for the readers of a connection's events. Kubernetes keeps those of a cluster-wide object in the namespace
// default, whose users need not know the Endpoints of all others: without grants, an id is all that it takes to have a key.
func nameFor(found v1alpha1.Connection, key plan.MarkedKey) string {
	if connection.IsCluster(found) {
		return key.ID
	}
	return fmt.Sprintf("%s of Endpoint %s", key.ID, key.EndpointID)
}

func (r *Reconciler) warnOfFailures(found v1alpha1.Connection, count int, err error) {
	if failure := condition.FailureOf(err); failure != nil {
		kube.Event{Type: corev1.EventTypeWarning, Reason: failure.Reason, Action: "Revoke"}.
			Emit(r.Events, found, "the operator could not revoke %d orphans: %s", count, failure.Message)
	}
}
