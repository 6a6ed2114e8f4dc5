// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
)

// probe sends one authenticated request. It does not wait for the rate limit, since many resources may wait for its answer.
func (r *Reconciler) probe(ctx context.Context, found v1alpha1.Connection) error {
	if err := checkSelector(found); err != nil {
		return err
	}
	session, err := r.Connections.Session(ctx, found)
	if err != nil {
		return err
	}
	sent := r.Clock.Now()
	err = session.Probe(ctx)
	session.Observe(err, sent, r.Clock.Now())
	if err == nil && wasUnavailable(found) {
		session.SlowStart(r.Clock.Now())
	}
	return err
}

// wasUnavailable reports whether the latest probe before this one did not reach Cognigy.
func wasUnavailable(found v1alpha1.Connection) bool {
	return condition.Find(found.GetConnectionStatus().Conditions, v1alpha1.ConditionReady).Reason == v1alpha1.ReasonUnavailable
}

// checkSelector returns a failure for a selector that the API server accepts and that selects nothing.
func checkSelector(found v1alpha1.Connection) error {
	cluster, ok := found.(*v1alpha1.ClusterCognigyConnection)
	if !ok {
		return nil
	}
	if _, err := metav1.LabelSelectorAsSelector(cluster.Spec.AllowedNamespaces.Selector); err != nil {
		return condition.Stalled(v1alpha1.ReasonInvalidSpec,
			"allowedNamespaces.selector is invalid, so that the connection allows no namespace; correct it: %s", err)
	}
	return nil
}
