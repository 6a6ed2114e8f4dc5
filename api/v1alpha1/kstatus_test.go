// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

func expectStatus(t *testing.T, object *unstructured.Unstructured, expected status.Status) {
	t.Helper()
	g := NewWithT(t)
	g.Expect(fixtures.Kstatus(g, object)).To(Equal(expected), "%v", object.Object["status"])
}

// Flux, Helm and kubectl wait go by kstatus, for which a resource without conditions is done. Each kind must say "not yet"
// before the operator has seen it.
func TestFreshObjectsAreInProgress(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.kind, func(t *testing.T) {
			fresh, err := k.create(t, k.manifest(t, newName(), nil))
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			expectStatus(t, fresh, status.InProgressStatus)
		})
	}
}

func TestStatusIsUnderstood(t *testing.T) {
	with := func(generation int, conditionType, conditionStatus string) fields {
		result := condition(map[string]any{"type": conditionType, "status": conditionStatus})
		result["status.observedGeneration"] = generation
		return result
	}
	readyAnd := func(conditionType string) fields {
		result := with(1, "Ready", "True")
		second := condition(map[string]any{"type": conditionType})
		result["status.conditions"] = append(result["status.conditions"].([]any), second["status.conditions"].([]any)...)
		return result
	}
	for _, c := range []struct {
		why      string
		status   fields
		expected status.Status
	}{
		{"an emptied status is not yet rebuilt", fields{"status": map[string]any{}}, status.InProgressStatus},
		{"ready is done", with(1, "Ready", "True"), status.CurrentStatus},
		{"ready for an earlier generation is not", with(0, "Ready", "True"), status.InProgressStatus},
		{"what is not ready may become so", with(1, "Ready", "False"), status.InProgressStatus},
		{"a renewal that is blocked fails no release", readyAnd("RenewalBlocked"), status.CurrentStatus},
		{"what stalls needs a person", with(1, "Stalled", "True"), status.FailedStatus},
	} {
		for _, k := range kinds {
			t.Run(k.kind+"/"+c.why, func(t *testing.T) {
				object, err := writeStatus(t, k, c.status)
				NewWithT(t).Expect(err).NotTo(HaveOccurred())
				expectStatus(t, object, c.expected)
			})
		}
	}
}
