// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package states

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// ofDeletion are the reasons that only what is being deleted has. With any other, it is the deletion that counts.
var ofDeletion = []string{v1alpha1.ReasonRevoking, v1alpha1.ReasonReferenced}

// facts are the names of the states that an object is an example of: one for what tells tools whether it is ready, and one for each
// condition beside that.
func facts(object *unstructured.Unstructured) []string {
	kind, conditions := strings.ToLower(object.GetKind()), Conditions(object)
	observed, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	deleting := object.GetDeletionTimestamp() != nil
	switch {
	case deleting:
		kind += "-deleting"
	case len(conditions) == 0:
		return []string{kind + "-new"}
	case observed != object.GetGeneration():
		return []string{kind + "-outdated" + readiness(conditions, false)}
	}
	found := []string{kind + readiness(conditions, !deleting || slices.Contains(ofDeletion, conditions[v1alpha1.ConditionReady].Reason))}
	for name, condition := range conditions {
		if !slices.Contains(ready, name) && (!deleting || slices.Contains(ofDeletion, condition.Reason)) {
			found = append(found, strings.ToLower(kind+"-"+name+"-"+condition.Reason))
		}
	}
	return found
}

// ready are the conditions that tell together whether an object is ready.
var ready = []string{v1alpha1.ConditionReady, v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled}

// readiness is a name for them, each with its reason unless an earlier one has the same.
func readiness(conditions map[string]Condition, withReasons bool) string {
	var name, reason string
	for _, kind := range ready {
		condition, found := conditions[kind]
		if !found {
			continue
		}
		name += "-" + kind
		if kind == v1alpha1.ConditionReady {
			name += "-" + condition.Status
		}
		if withReasons && condition.Reason != reason {
			reason = condition.Reason
			name += "-" + reason
		}
	}
	return strings.ToLower(name)
}

// Condition is what tools read of a condition.
type Condition struct{ Status, Reason, Message string }

// Conditions returns an object's conditions by their type.
func Conditions(object *unstructured.Unstructured) map[string]Condition {
	list, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	found := map[string]Condition{}
	for _, entry := range list {
		text := func(field string) string {
			value, _, _ := unstructured.NestedString(entry.(map[string]any), field)
			return value
		}
		found[text("type")] = Condition{Status: text("status"), Reason: text("reason"), Message: text("message")}
	}
	return found
}
