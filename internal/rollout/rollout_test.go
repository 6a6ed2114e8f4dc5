// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout_test

import (
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/rollout"
)

const generation = 7

func deployment(edit func(*appsv1.Deployment)) *appsv1.Deployment {
	d := &appsv1.Deployment{Status: appsv1.DeploymentStatus{ObservedGeneration: generation, Replicas: 3, UpdatedReplicas: 3, AvailableReplicas: 3}}
	d.Generation, d.Spec.Replicas = generation, new(int32(3))
	edit(d)
	return d
}

func statefulSet(edit func(*appsv1.StatefulSet)) *appsv1.StatefulSet {
	s := &appsv1.StatefulSet{Status: appsv1.StatefulSetStatus{ObservedGeneration: generation, Replicas: 3, UpdatedReplicas: 3, AvailableReplicas: 3}}
	s.Generation, s.Spec.Replicas = generation, new(int32(3))
	edit(s)
	return s
}

func daemonSet(edit func(*appsv1.DaemonSet)) *appsv1.DaemonSet {
	d := &appsv1.DaemonSet{Status: appsv1.DaemonSetStatus{
		ObservedGeneration: generation, DesiredNumberScheduled: 3, UpdatedNumberScheduled: 3, NumberAvailable: 3,
	}}
	d.Generation = generation
	edit(d)
	return d
}

func TestOf(t *testing.T) {
	for _, c := range []struct {
		why      string
		workload client.Object
		complete bool
		stuck    string // part of what a person has to do
	}{
		{"A Deployment whose Pods are all new.", deployment(func(*appsv1.Deployment) {}), true, ""},
		{"Its controller has not seen the template yet.", deployment(func(d *appsv1.Deployment) { d.Status.ObservedGeneration-- }), false, ""},
		{"An old Pod runs.", deployment(func(d *appsv1.Deployment) { d.Status.Replicas = 4 }), false, ""},
		{"A new Pod is not there yet.", deployment(func(d *appsv1.Deployment) { d.Status.Replicas, d.Status.UpdatedReplicas = 2, 2 }), false, ""},
		{"A new Pod is not available yet.", deployment(func(d *appsv1.Deployment) { d.Status.AvailableReplicas = 2 }), false, ""},
		{"An old Pod terminates.", deployment(func(d *appsv1.Deployment) { d.Status.TerminatingReplicas = new(int32(1)) }), false, ""},
		{"Kubernetes counts terminating Pods, and there are none.", deployment(func(d *appsv1.Deployment) { d.Status.TerminatingReplicas = new(int32) }), true, ""},
		{"It has no Pods.", deployment(func(d *appsv1.Deployment) {
			d.Spec.Replicas, d.Status = new(int32), appsv1.DeploymentStatus{ObservedGeneration: generation}
		}), true, ""},
		{"One Pod is the default.", deployment(func(d *appsv1.Deployment) {
			d.Spec.Replicas, d.Status = nil, appsv1.DeploymentStatus{ObservedGeneration: generation}
		}), false, ""},
		{"It is paused.", deployment(func(d *appsv1.Deployment) { d.Spec.Paused, d.Status.UpdatedReplicas = true, 0 }), false, "is paused"},
		{"It is paused, when all is done.", deployment(func(d *appsv1.Deployment) { d.Spec.Paused = true }), true, ""},
		{"It is too late.", deployment(func(d *appsv1.Deployment) {
			d.Status.AvailableReplicas = 2
			d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Reason: "ProgressDeadlineExceeded"}}
		}), false, "progressDeadlineSeconds"},
		{"It was too late with an earlier template.", deployment(func(d *appsv1.Deployment) {
			d.Status.ObservedGeneration--
			d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Reason: "ProgressDeadlineExceeded"}}
		}), false, ""},

		{"A StatefulSet whose Pods are all new.", statefulSet(func(*appsv1.StatefulSet) {}), true, ""},
		{"Its controller has not seen that template yet.", statefulSet(func(s *appsv1.StatefulSet) { s.Status.ObservedGeneration-- }), false, ""},
		{"A Pod is an old one.", statefulSet(func(s *appsv1.StatefulSet) { s.Status.UpdatedReplicas = 2 }), false, ""},
		{"A Pod is not available.", statefulSet(func(s *appsv1.StatefulSet) { s.Status.AvailableReplicas = 2 }), false, ""},
		{"A Pod is one too many.", statefulSet(func(s *appsv1.StatefulSet) { s.Status.Replicas = 4 }), false, ""},
		{"A partition leaves Pods as they are, which kubectl takes for complete.", statefulSet(func(s *appsv1.StatefulSet) {
			s.Status.UpdatedReplicas = 2
			s.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32(1))}
		}), false, "partition"},
		{"Somebody has to delete its Pods.", statefulSet(func(s *appsv1.StatefulSet) {
			s.Status.UpdatedReplicas, s.Spec.UpdateStrategy.Type = 2, appsv1.OnDeleteStatefulSetStrategyType
		}), false, "OnDelete"},
		{"Somebody deleted its Pods.", statefulSet(func(s *appsv1.StatefulSet) {
			s.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
		}), true, ""},

		{"A DaemonSet whose Pods are all new.", daemonSet(func(*appsv1.DaemonSet) {}), true, ""},
		{"Its controller has not seen this template yet.", daemonSet(func(d *appsv1.DaemonSet) { d.Status.ObservedGeneration-- }), false, ""},
		{"A node has an old Pod.", daemonSet(func(d *appsv1.DaemonSet) { d.Status.UpdatedNumberScheduled = 2 }), false, ""},
		{"The Pod of a node is not available.", daemonSet(func(d *appsv1.DaemonSet) { d.Status.NumberAvailable = 2 }), false, ""},
		{"Somebody has to delete Pods of nodes.", daemonSet(func(d *appsv1.DaemonSet) {
			d.Status.UpdatedNumberScheduled, d.Spec.UpdateStrategy.Type = 2, appsv1.OnDeleteDaemonSetStrategyType
		}), false, "OnDelete"},
	} {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			_, progress := rollout.Of(c.workload)
			g.Expect(progress.Complete).To(Equal(c.complete))
			if c.stuck == "" {
				g.Expect(progress.Stuck).To(BeEmpty())
			}
			g.Expect(progress.Stuck).To(ContainSubstring(c.stuck))
		})
	}
}

// Of knows every kind that the API accepts.
func TestKinds(t *testing.T) {
	for _, kind := range []v1alpha1.TargetKind{v1alpha1.TargetKindDeployment, v1alpha1.TargetKindStatefulSet, v1alpha1.TargetKindDaemonSet} {
		template, _ := rollout.Of(rollout.New(kind))
		NewWithT(t).Expect(template.Annotations).To(BeEmpty(), kind)
	}
}
