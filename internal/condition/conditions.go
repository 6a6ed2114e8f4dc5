// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

const (
	// maxMessage is the length of a message that the API server accepts, in bytes.
	maxMessage = 32768
	// maxNamed is how many names a message enumerates.
	maxNamed = 10
)

// kinds are the conditions that a reconcile decides.
var kinds = []string{
	v1alpha1.ConditionReady, v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled, v1alpha1.ConditionRenewalBlocked,
	v1alpha1.ConditionRolloutPending,
}

// Set makes the wanted conditions the only ones of those kinds. A condition whose status did not change
// keeps its time of transition.
func Set(current *[]metav1.Condition, generation int64, now time.Time, wanted []metav1.Condition) {
	for _, kind := range kinds {
		index := slices.IndexFunc(wanted, func(c metav1.Condition) bool { return c.Type == kind })
		if index < 0 {
			meta.RemoveStatusCondition(current, kind)
			continue
		}
		condition := wanted[index]
		condition.ObservedGeneration = generation
		condition.LastTransitionTime = metav1.NewTime(now)
		condition.Message = Clip(condition.Message, maxMessage)
		meta.SetStatusCondition(current, condition)
	}
}

// Ready is the condition Ready.
func Ready(status bool, reason, message string) metav1.Condition {
	condition := metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: reason, Message: message}
	if status {
		condition.Status = metav1.ConditionTrue
	}
	return condition
}

// StalledOrReconciling is the condition beside Ready that a failure causes: Stalled if a person must act, else Reconciling.
func StalledOrReconciling(failure *Failure) metav1.Condition {
	kind := v1alpha1.ConditionReconciling
	if failure.Stalled {
		kind = v1alpha1.ConditionStalled
	}
	return metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: failure.Reason, Message: failure.Message}
}

// RenewalBlocked is the condition beside Ready that a failure causes while a delivered key works.
func RenewalBlocked(failure *Failure) metav1.Condition {
	return metav1.Condition{
		Type: v1alpha1.ConditionRenewalBlocked, Status: metav1.ConditionTrue, Reason: failure.Reason, Message: failure.Message,
	}
}

// RolloutPending is the condition beside Ready while workloads do not run with the delivered key yet.
func RolloutPending(reason, message string) metav1.Condition {
	return metav1.Condition{Type: v1alpha1.ConditionRolloutPending, Status: metav1.ConditionTrue, Reason: reason, Message: message}
}

// Find returns the condition of a type, or the zero condition.
func Find(conditions []metav1.Condition, kind string) metav1.Condition {
	if found := meta.FindStatusCondition(conditions, kind); found != nil {
		return *found
	}
	return metav1.Condition{}
}

// Clip shortens a text to a number of bytes, at the border of a character.
func Clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}

// Enumerate joins names for a message, the first ten of them.
func Enumerate(names []string) string {
	if len(names) > maxNamed {
		names = append(slices.Clone(names[:maxNamed]), "...")
	}
	return strings.Join(names, ", ")
}
