// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// What the API server accepts, in bytes.
const (
	maxMessage = 32768 // of a condition
	maxNote    = 1024  // of an event
	maxRequest = 1024  // of status.lastHandledReconcileAt
)

// setConditions makes the wanted conditions the only ones of the operator's. A condition whose status did not change keeps its
// time of transition.
func setConditions(current *[]metav1.Condition, generation int64, now time.Time, wanted []metav1.Condition) {
	for _, kind := range []string{v1alpha1.ConditionReady, v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled} {
		index := slices.IndexFunc(wanted, func(c metav1.Condition) bool { return c.Type == kind })
		if index < 0 {
			meta.RemoveStatusCondition(current, kind)
			continue
		}
		condition := wanted[index]
		condition.ObservedGeneration = generation
		condition.LastTransitionTime = metav1.NewTime(now)
		condition.Message = clip(condition.Message, maxMessage)
		meta.SetStatusCondition(current, condition)
	}
}

// clip shortens a text to a number of bytes, at the border of a character.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}

// requested is the look that somebody asks for, as it is acknowledged.
func requested(object metav1.Object) string {
	return clip(object.GetAnnotations()[v1alpha1.RequestedAtAnnotation], maxRequest)
}

func ready(status bool, reason, message string) metav1.Condition {
	condition := metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: reason, Message: message}
	if status {
		condition.Status = metav1.ConditionTrue
	}
	return condition
}

func whileTrue(kind, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: reason, Message: message}
}

// inTheWay is the condition that a problem causes beside Ready: Stalled if a person must act, else Reconciling.
func inTheWay(problem *connection.Problem) metav1.Condition {
	if problem.Stalled {
		return whileTrue(v1alpha1.ConditionStalled, problem.Reason, problem.Message)
	}
	return whileTrue(v1alpha1.ConditionReconciling, problem.Reason, problem.Message)
}
