// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
)

// reportRetryAfter tells why a connection that could not be used yet is not even probed.
func (r *Reconciler) reportRetryAfter(ctx context.Context, found v1alpha1.Connection) error {
	session := r.Connections.Known(found)
	if session == nil || session.RetryAfter() == 0 || connection.Usable(found) == nil {
		return nil
	}
	return r.report(ctx, found, condition.Waiting(v1alpha1.ReasonRateLimited,
		"Cognigy refuses requests, since there were too many; the operator probes the connection once Cognigy accepts them again"))
}

// report writes the outcome of a probe into the status, and emits an event if the reason is a new one.
func (r *Reconciler) report(ctx context.Context, found v1alpha1.Connection, failure *condition.Failure) error {
	wanted := []metav1.Condition{condition.Ready(true, v1alpha1.ReasonConnected, "Cognigy answers and accepts the credentials")}
	kind := corev1.EventTypeNormal
	if failure != nil {
		wanted = []metav1.Condition{condition.Ready(false, failure.Reason, failure.Message), condition.StalledOrReconciling(failure)}
		kind = corev1.EventTypeWarning
	}
	changed, err := kube.PatchStatus(ctx, r.Client, found, func(changed v1alpha1.Connection) {
		status := changed.GetConnectionStatus()
		status.ObservedGeneration = found.GetGeneration()
		status.LastHandledReconcileAt = kube.RequestedAt(found)
		condition.Set(&status.Conditions, found.GetGeneration(), r.Clock.Now(), wanted)
	})
	if err != nil {
		return err
	}
	before := condition.Find(found.GetConnectionStatus().Conditions, v1alpha1.ConditionReady)
	if after := wanted[0]; before.Reason != after.Reason {
		kube.Event{Type: kind, Reason: after.Reason, Action: "Probe"}.Emit(r.Events, changed, "%s", after.Message)
	}
	return nil
}
