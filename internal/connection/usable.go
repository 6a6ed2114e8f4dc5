// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
)

// Usable returns nil if the connection's probe succeeded, or a condition.Failure that quotes it. So one probe finds out for
// all resources of a connection that Cognigy is unreachable.
func Usable(connection v1alpha1.Connection) error {
	status := connection.GetConnectionStatus()
	ready := condition.Find(status.Conditions, v1alpha1.ConditionReady)
	switch {
	case ready.Status == "" || ready.ObservedGeneration != connection.GetGeneration():
		return condition.Waiting(v1alpha1.ReasonConnectionNotReady, "the operator has not checked the connection %q yet", connection.GetName())
	case ready.Status == metav1.ConditionTrue:
		return nil
	case meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionStalled):
		return condition.Stalled(v1alpha1.ReasonConnectionNotReady, "the connection %q cannot be used: %s", connection.GetName(), ready.Message)
	default:
		return condition.Waiting(v1alpha1.ReasonConnectionNotReady, "the connection %q cannot be used now: %s", connection.GetName(), ready.Message)
	}
}
