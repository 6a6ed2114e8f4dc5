// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// probe sends one authenticated request, or returns ratelimit.ErrQueued if it has to wait for the rate limit.
func (r *Reconciler) probe(ctx context.Context, found v1alpha1.Connection) error {
	if err := checkSelectors(found); err != nil {
		return err
	}
	session, _, err := r.Connections.Session(ctx, found)
	if err != nil {
		return err
	}
	request := r.request(found)
	if !session.Acquire(request) {
		return ratelimit.ErrQueued
	}
	err = session.Probe(ctx)
	if call := cognigy.AsError(err); call != nil && call.Cause() != "" {
		logf.FromContext(ctx).Info("the probe got no answer", "cause", call.Cause())
	}
	if before := condition.Find(found.GetConnectionStatus().Conditions, v1alpha1.ConditionReady); err == nil && before.Reason == v1alpha1.ReasonUnavailable {
		session.SlowStart(before.LastTransitionTime.Add(time.Second)) // Kubernetes cuts fractions off
	}
	session.Release(request.Waiter, err)
	return err
}

func (r *Reconciler) request(found v1alpha1.Connection) ratelimit.Request {
	name := client.ObjectKeyFromObject(found)
	return ratelimit.Request{
		Waiter: r.waiter(name), Namespace: found.GetNamespace(), Connection: found.GetUID(),
		Wake: func() { r.waker.Wake(reconcile.Request{NamespacedName: name}) },
	}
}

// waiter is the name of a connection's probe in the queue for the rate limit.
func (r *Reconciler) waiter(name types.NamespacedName) string {
	return r.Kind.Prefix + "connection " + name.String()
}

// checkSelectors returns a failure for a selector that the API server accepts and that selects nothing.
func checkSelectors(found v1alpha1.Connection) error {
	cluster, ok := found.(*v1alpha1.ClusterCognigyConnection)
	if !ok {
		return nil
	}
	if err := checkSelector(cluster.Spec.AllowedNamespaces); err != nil {
		return condition.Stalled(v1alpha1.ReasonInvalidSpec,
			"allowedNamespaces.selector is invalid, so that the connection allows no namespace; correct it: %s", err)
	}
	for i, grant := range cluster.Spec.Grants {
		if err := checkSelector(grant.Namespaces); err != nil {
			return condition.Stalled(v1alpha1.ReasonInvalidSpec,
				"grants[%d].namespaces.selector is invalid, so that it grants nothing; correct it: %s", i, err)
		}
	}
	return nil
}

func checkSelector(namespaces v1alpha1.AllowedNamespaces) error {
	_, err := metav1.LabelSelectorAsSelector((*metav1.LabelSelector)(namespaces.Selector))
	return err
}
