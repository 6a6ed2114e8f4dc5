// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// Metrics counts what the reconciler does with keys.
type Metrics interface {
	Issued(key *v1alpha1.EndpointAPIKey)
	Delivered(key *v1alpha1.EndpointAPIKey)
	// FirstDelivered is told how long it took from the creation of a resource to its first key.
	FirstDelivered(after time.Duration)
	Revoked(key *v1alpha1.EndpointAPIKey, reason audit.Reason)
	IssuanceDeferred(key *v1alpha1.EndpointAPIKey)
}

// countDeferred counts an issuance that the issuance budget puts off, once.
func (r *Reconciler) countDeferred(key *v1alpha1.EndpointAPIKey, next plan.Plan) {
	overBudget := next.State == plan.TooManyIssuances || next.State == plan.KeyNameChanged
	if overBudget && r.issuances.deferNext(key) {
		r.Metrics.IssuanceDeferred(key)
	}
}

// countFirst notes how long a resource took to get its first key, when its status tells of that for the first time.
func (r *Reconciler) countFirst(key *v1alpha1.EndpointAPIKey, before v1alpha1.EndpointAPIKeyStatus) {
	ready := condition.Find(key.Status.Conditions, v1alpha1.ConditionReady)
	if before.KeyID == "" && key.Status.KeyID != "" && ready.Status == metav1.ConditionTrue {
		r.Metrics.FirstDelivered(r.Clock.Now().Sub(key.CreationTimestamp.Time))
	}
}
