// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
)

// emit records as an event what the operator did with a key.
func (r *Reconciler) emit(key *v1alpha1.EndpointAPIKey, keyID, reason, action, format string, args ...any) {
	kube.Event{Type: corev1.EventTypeNormal, Reason: reason, Action: action, KeyID: keyID}.Emit(r.Events, key, format, args...)
}

// emitIssued records a key that is not delivered; one that is needs no event of its own.
func (r *Reconciler) emitIssued(s *scope, issued *cognigy.IssuedKey) {
	kube.Event{Type: corev1.EventTypeNormal, Reason: v1alpha1.EventIssued, Action: "Issue", KeyID: issued.ID}.
		Emit(r.Events, s.key, "issued key %s (%s), which is not delivered", issued.ID, issued.Preview)
}

// warn records what the operator could not do with a key.
func (r *Reconciler) warn(key *v1alpha1.EndpointAPIKey, keyID, reason, action, note string) {
	kube.Event{Type: corev1.EventTypeWarning, Reason: reason, Action: action, KeyID: keyID}.Emit(r.Events, key, "%s", note)
}

// emitTrouble records that a person must act, or that something keeps a working key from being replaced or workloads from being
// restarted, if the reason is a new one.
func (r *Reconciler) emitTrouble(key *v1alpha1.EndpointAPIKey, before, after []metav1.Condition) {
	for _, kind := range []string{
		v1alpha1.ConditionStalled, v1alpha1.ConditionRenewalBlocked, v1alpha1.ConditionRolloutPending, v1alpha1.ConditionEndpointChanged,
	} {
		was, is := condition.Find(before, kind), condition.Find(after, kind)
		if is.Reason != "" && is.Reason != was.Reason && is.Reason != v1alpha1.ReasonRollingOut {
			r.warn(key, "", is.Reason, "Reconcile", is.Message)
		}
	}
}
