// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// EventReason describes the events of a reason. docs/events.md is generated from all of them, and the integration suite fails on an event
// that none of them describes.
type EventReason struct {
	Reason  string
	Type    string   // corev1.EventTypeNormal or corev1.EventTypeWarning
	Actions []string // what the operator did or tried
	On      []string // kinds of the objects that have such events
	Means   string
}

// Kinds of objects that have events.
const (
	kindKey        = "EndpointAPIKey"
	kindConnection = "CognigyConnection"
	kindCluster    = "ClusterCognigyConnection"
	kindSecret     = "Secret"
)

var (
	onKeys        = []string{kindKey}
	onConnections = []string{kindConnection, kindCluster}
)

// EventReasons are the reasons of events about keys and orphans.
var EventReasons = []EventReason{
	{v1alpha1.EventIssued, corev1.EventTypeNormal, []string{"Issue"}, onKeys, "The operator issued a key and could not deliver it."},
	{v1alpha1.EventDelivered, corev1.EventTypeNormal, []string{"Deliver"}, onKeys, "The operator issued a key and wrote it into the Secret."},
	{v1alpha1.EventAdopted, corev1.EventTypeNormal, []string{"Adopt"}, onKeys, "The operator took over a key that an earlier EndpointAPIKey left in the Secret."},
	{v1alpha1.EventRevoked, corev1.EventTypeNormal, []string{"Revoke"}, onKeys, "The operator revoked a key."},
	{v1alpha1.EventNotRevoked, corev1.EventTypeWarning, []string{"Revoke"}, onKeys, "The operator could not revoke a key that was not delivered. A later list shows whether it is gone."},
	{v1alpha1.EventRetained, corev1.EventTypeNormal, []string{"Retain"}, onKeys, "The resource was deleted with `deletionPolicy: Retain`, and its key and Secret stay."},
	{v1alpha1.EventLeft, corev1.EventTypeWarning, []string{"Issue", "Retain"}, onKeys, "A key goes on to work for which no resource is responsible any more. Revoke it in Cognigy if nothing uses it."},
	{v1alpha1.EventRestarted, corev1.EventTypeNormal, []string{"Restart"}, onKeys, "The operator restarted workloads of `rolloutRestartTargets`, so that they use the delivered key."},
	{v1alpha1.EventRolloutLate, corev1.EventTypeWarning, []string{"Revoke"}, onKeys, "The operator revoked a replaced key after `maxOverlap` although workloads had not restarted with the new one."},
	{v1alpha1.EventCredentialsInUse, corev1.EventTypeWarning, []string{"Protect"}, []string{kindSecret}, "A credentials Secret is being deleted, and stays until EndpointAPIKeys do not need it any more."},
	{v1alpha1.EventOrphaned, corev1.EventTypeWarning, []string{"Scan"}, onConnections, "A scan found keys whose EndpointAPIKey does not exist any more."},
	{v1alpha1.EventOrphanRevoked, corev1.EventTypeNormal, []string{"Revoke"}, onConnections, "The operator revoked a key whose EndpointAPIKey does not exist any more, since `orphanPolicy` is `Revoke`, or since the annotation `cognigy-operator.io/revoke-orphans` names it."},
	{v1alpha1.EventOrphanNotRevoked, corev1.EventTypeWarning, []string{"Revoke"}, onConnections, "The annotation `cognigy-operator.io/revoke-orphans` names keys that the operator does not revoke."},
	{v1alpha1.EventOrphansUnknown, corev1.EventTypeWarning, []string{"Scan"}, onConnections, "The operator lacks a permission to find out which keys are orphans."},
	{v1alpha1.EventOtherIdentity, corev1.EventTypeWarning, []string{"Scan"}, onConnections, "A scan found keys of existing EndpointAPIKeys under a cluster identity that the operator does not have."},
}

// ConditionEvents describes events that repeat the reason and the message of a condition when these are new.
type ConditionEvents struct {
	Type   string
	Action string
	On     []string
	Means  string
}

// RepeatedConditions are the events whose reasons are those of conditions.
var RepeatedConditions = []ConditionEvents{
	{corev1.EventTypeWarning, "Reconcile", onKeys, "The condition `Stalled`, `RenewalBlocked`, `EndpointChanged` or `RolloutPending` has a new reason. `RollingOut`, which is no trouble, has no event."},
	{corev1.EventTypeNormal, "Probe", onConnections, "The connection is usable: `Connected`."},
	{corev1.EventTypeWarning, "Probe", onConnections, "The connection's condition `Ready` is not True, for a new reason."},
	{corev1.EventTypeWarning, "Revoke", onConnections, "The operator could not revoke orphans."},
}

// IsDescribed reports whether EventReasons describe an event or, if it has none of their reasons, RepeatedConditions do.
func IsDescribed(kind, eventType, reason, action string) bool {
	own := func(known EventReason) bool { return known.Reason == reason }
	if !slices.ContainsFunc(EventReasons, own) {
		return slices.ContainsFunc(RepeatedConditions, func(known ConditionEvents) bool {
			return known.Type == eventType && known.Action == action && slices.Contains(known.On, kind)
		})
	}
	return slices.ContainsFunc(EventReasons, func(known EventReason) bool {
		return own(known) && known.Type == eventType && slices.Contains(known.Actions, action) && slices.Contains(known.On, kind)
	})
}
