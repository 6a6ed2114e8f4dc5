// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
)

// InUseChanged passes updates that add or remove the finalizer of connections and credentials.
var InUseChanged = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	return controllerutil.ContainsFinalizer(e.ObjectOld, v1alpha1.InUseFinalizer) != controllerutil.ContainsFinalizer(e.ObjectNew, v1alpha1.InUseFinalizer)
}}

// StatusCleared passes updates that remove the report, so that the operator makes it again.
var StatusCleared = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	return ready(e.ObjectOld).Type != "" && ready(e.ObjectNew).Type == ""
}}

// CreatedOrDeleted passes that an object comes or goes.
var CreatedOrDeleted = predicate.Funcs{
	UpdateFunc:  func(event.UpdateEvent) bool { return false },
	GenericFunc: func(event.GenericEvent) bool { return false },
}

// Relevant passes what changes the operator's work. Its own reports do not: a reconcile at once would undo the waits between
// retries.
var Relevant = predicate.Or(
	predicate.GenerationChangedPredicate{}, // also a deletion timestamp
	predicate.AnnotationChangedPredicate{},
	StatusCleared,
	finalizerRemoved,
)

// finalizerRemoved passes updates that remove the finalizer of a resource, which nobody but the operator should.
var finalizerRemoved = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	return controllerutil.ContainsFinalizer(e.ObjectOld, v1alpha1.Finalizer) && !controllerutil.ContainsFinalizer(e.ObjectNew, v1alpha1.Finalizer)
}}

// UsabilityChanged passes updates of a connection that change whether it can be used, and for what; not every report of one
// that cannot.
var UsabilityChanged = predicate.Or(predicate.GenerationChangedPredicate{}, InUseChanged, predicate.Funcs{
	UpdateFunc: func(e event.UpdateEvent) bool {
		before, after := ready(e.ObjectOld), ready(e.ObjectNew)
		return before.Status != after.Status || before.Reason != after.Reason || before.ObservedGeneration != after.ObservedGeneration
	},
})

// ready is the object's condition Ready, or the zero condition.
func ready(object client.Object) metav1.Condition {
	var conditions []metav1.Condition
	switch object := object.(type) {
	case *v1alpha1.EndpointAPIKey:
		conditions = object.Status.Conditions
	case v1alpha1.Connection:
		conditions = object.GetConnectionStatus().Conditions
	}
	return condition.Find(conditions, v1alpha1.ConditionReady)
}
