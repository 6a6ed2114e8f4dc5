// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
)

// health says in one word how a resource is.
type health string

// The words, the best first.
const (
	healthReady       health = "Ready"       // it works
	healthWarning     health = "Warning"     // it works, and something beside it does not
	healthSuspended   health = "Suspended"   // spec.suspend is true
	healthProgressing health = "Progressing" // the operator is at work, or tries again
	healthDeleting    health = "Deleting"
	healthFailed      health = "Failed" // a person must act
)

// colours of the words.
var colours = map[health]colour{
	healthReady: green, healthWarning: yellow, healthSuspended: blue, healthProgressing: yellow, healthDeleting: blue, healthFailed: red,
}

// reasonPending stands for the reason that the operator has not given yet.
const reasonPending = "Pending"

// report is what the conditions of an object say.
type report struct {
	health  health
	reason  string
	message string
	since   time.Time // zero if it was not reported yet
}

// text tells reports apart.
func (r report) text() string { return r.reason + ": " + r.message }

// beside are the conditions that make a working resource one with a warning, the most urgent first.
var beside = []string{
	v1alpha1.ConditionRenewalBlocked, v1alpha1.ConditionRolloutPending, v1alpha1.ConditionEndpointChanged,
	v1alpha1.ConditionCredentialsInUse, v1alpha1.ConditionInUse,
}

// reportOf reads conditions. A report on an earlier generation counts as progress.
func reportOf(object metav1.Object, observed int64, conditions []metav1.Condition) report {
	ready, stalled := condition.Find(conditions, v1alpha1.ConditionReady), condition.Find(conditions, v1alpha1.ConditionStalled)
	said := func(word health, c metav1.Condition) report {
		return report{word, c.Reason, c.Message, c.LastTransitionTime.Time}
	}
	switch {
	case object.GetDeletionTimestamp() != nil:
		deciding := ready
		if stalled.Status == metav1.ConditionTrue {
			deciding = stalled
		}
		for _, kind := range []string{v1alpha1.ConditionInUse, v1alpha1.ConditionCredentialsInUse} {
			if found := condition.Find(conditions, kind); found.Status == metav1.ConditionTrue {
				deciding = found
			}
		}
		return said(healthDeleting, deciding)
	case ready.Type == "" || observed != object.GetGeneration():
		return report{healthProgressing, reasonPending, "the operator has not reported on the resource as it is now; if that lasts, check that it runs, and watches the namespace", time.Time{}}
	case stalled.Status == metav1.ConditionTrue:
		return said(healthFailed, stalled)
	case ready.Reason == v1alpha1.ReasonSuspended:
		return said(healthSuspended, ready)
	case ready.Status != metav1.ConditionTrue:
		return said(healthProgressing, ready)
	}
	for _, kind := range beside {
		found := condition.Find(conditions, kind)
		if found.Status == metav1.ConditionTrue && found.Reason != v1alpha1.ReasonRollingOut {
			return said(healthWarning, found)
		}
	}
	return said(healthReady, ready)
}

func keyReport(key *v1alpha1.EndpointAPIKey) report {
	return reportOf(key, key.Status.ObservedGeneration, key.Status.Conditions)
}

func connectionReport(found v1alpha1.Connection) report {
	status := found.GetConnectionStatus()
	return reportOf(found, status.ObservedGeneration, status.Conditions)
}
