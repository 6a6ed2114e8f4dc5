// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

const (
	maxOverlapMessage = "maxOverlap is at most 8760h (a year), in hours, minutes and seconds: a replaced key that never ends is not replaced; write for example 48h"
	shorterMessage    = "maxOverlap is shorter than overlap, which is 10m if left out; make maxOverlap longer or overlap shorter"
)

func TestMaxOverlap(t *testing.T) {
	both := func(overlap, most string) fields {
		return fields{"spec.rotation": map[string]any{"overlap": overlap, "maxOverlap": most}}
	}
	testAdmission(t, keys, []admission{
		{why: "as long as the overlap, which no rollout then extends", with: both("1h", "60m")},
		{why: "longer", with: both("1h", "1h1s")},
		{why: "shorter", with: both("1h", "59m59s"), refused: shorterMessage},
		{why: "no overlap for a leaked key, and none for rollouts", with: both("0s", "0s")},
		{why: "the overlap that is the default", with: rotation("maxOverlap", "10m")},
		{why: "less than the default", with: rotation("maxOverlap", "9m59s"), refused: shorterMessage},
		{why: "a year is the most", with: rotation("maxOverlap", "8760h")},
		{why: "more is refused", with: rotation("maxOverlap", "8760h1s"), refused: maxOverlapMessage},
		{why: "Go knows no days", with: rotation("maxOverlap", "2d"), refused: maxOverlapMessage},
		{why: "negative", with: rotation("maxOverlap", "-1h"), refused: maxOverlapMessage},
		{why: "as long as it may be written", with: rotation("maxOverlap", "1."+zeros(29)+"h")},
		{why: "longer, for which the rule would cost too much", with: rotation("maxOverlap", "1."+zeros(30)+"h"), refused: "spec.rotation.maxOverlap: Too long"},
	})
}

func TestRolloutRestartTargets(t *testing.T) {
	target := func(kind, name string) map[string]any { return map[string]any{"kind": kind, "name": name} }
	targets := func(named ...any) fields { return fields{"spec.rolloutRestartTargets": named} }
	var many []any
	for i := range 11 {
		many = append(many, target("Deployment", fmt.Sprintf("crm-%d", i)))
	}
	testAdmission(t, keys, []admission{
		{why: "none", with: targets()},
		{why: "one of each kind, of one name", with: targets(target("Deployment", "crm"), target("StatefulSet", "crm"), target("DaemonSet", "crm"))},
		{why: "ten", with: targets(many[:10]...)},
		{why: "more would cost a request each", with: targets(many...), refused: "must have at most 10 items"},
		{why: "one of them twice", with: targets(target("Deployment", "crm"), target("Deployment", "crm")), refused: "Duplicate value"},
		{why: "a Job does not restart", with: targets(target("Job", "crm")), refused: `supported values: "Deployment", "StatefulSet", "DaemonSet"`},
		{why: "a name is one of Kubernetes", with: targets(target("Deployment", "CRM")), refused: "a name has lower-case letters"},
		{why: "a name is needed", with: targets(map[string]any{"kind": "Deployment"}), refused: "name: Required value"},
		{why: "a kind is needed", with: targets(map[string]any{"name": "crm"}), refused: "kind: Required value"},
	})
}

// Workloads of a cluster carry it: another one would restart them all.
func TestRestartAnnotation(t *testing.T) {
	g := NewWithT(t)
	key := &v1alpha1.EndpointAPIKey{ObjectMeta: metav1.ObjectMeta{UID: "0c7c5a5e-1c7d-4f3a-9d54-3d6f0c1b2a39"}}
	annotation := key.RestartAnnotation()
	g.Expect(annotation).To(Equal("cognigy-operator.io/key-da58a5edc99b556bebb86087"))
	g.Expect(validation.IsQualifiedName(annotation)).To(BeEmpty())
}
