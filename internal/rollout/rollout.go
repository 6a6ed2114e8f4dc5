// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rollout reads from a workload whether its Pods are those of its present template, by the rules of `kubectl rollout status`.
// It is stricter where that counts Pods out which still run with an earlier template. It sends no requests.
package rollout

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// Progress is how far the rollout of a workload's template is.
type Progress struct {
	Complete bool // every Pod is made from the present template and available, and the others are gone
	// Stuck says what a person has to do for the rollout to go on; "" if it goes on by itself.
	Stuck string
}

// New returns an empty object of a kind of workload. Other kinds do not pass the API server.
func New(kind v1alpha1.TargetKind) client.Object {
	switch kind {
	case v1alpha1.TargetKindDeployment:
		return &appsv1.Deployment{}
	case v1alpha1.TargetKindStatefulSet:
		return &appsv1.StatefulSet{}
	case v1alpha1.TargetKindDaemonSet:
		return &appsv1.DaemonSet{}
	default:
		panic(fmt.Sprintf("there is no kind %q of workloads", kind))
	}
}

// Of returns the Pod template of a workload that New made, and how far its rollout is.
func Of(workload client.Object) (*corev1.PodTemplateSpec, Progress) {
	switch workload := workload.(type) {
	case *appsv1.Deployment:
		return &workload.Spec.Template, deployment(workload)
	case *appsv1.StatefulSet:
		return &workload.Spec.Template, statefulSet(workload)
	case *appsv1.DaemonSet:
		return &workload.Spec.Template, daemonSet(workload)
	default:
		panic(fmt.Sprintf("%T is no kind of workloads", workload))
	}
}

// deployment also waits for Pods that are terminating, where Kubernetes counts them (from 1.33 on, by a feature gate): such a Pod may
// still serve requests with the key that it has.
func deployment(d *appsv1.Deployment) Progress {
	wanted, status := ptr.Deref(d.Spec.Replicas, 1), d.Status
	complete := status.ObservedGeneration >= d.Generation && status.UpdatedReplicas >= wanted && status.Replicas <= status.UpdatedReplicas &&
		status.AvailableReplicas >= status.UpdatedReplicas && ptr.Deref(status.TerminatingReplicas, 0) == 0
	switch {
	case complete:
		return Progress{Complete: true}
	case d.Spec.Paused:
		return Progress{Stuck: "is paused; resume it with kubectl rollout resume"}
	case exceededDeadline(d):
		return Progress{Stuck: "made no progress within its progressDeadlineSeconds; find out what keeps its Pods from becoming ready"}
	default:
		return Progress{}
	}
}

func exceededDeadline(d *appsv1.Deployment) bool {
	for _, condition := range d.Status.Conditions {
		if condition.Type == appsv1.DeploymentProgressing {
			return condition.Reason == "ProgressDeadlineExceeded" && d.Status.ObservedGeneration >= d.Generation
		}
	}
	return false
}

// statefulSet does not take a rollout for complete that a partition limits: the Pods below it keep the key that they have.
func statefulSet(s *appsv1.StatefulSet) Progress {
	wanted, status, strategy := ptr.Deref(s.Spec.Replicas, 1), s.Status, s.Spec.UpdateStrategy
	complete := status.ObservedGeneration >= s.Generation && status.UpdatedReplicas >= wanted && status.Replicas <= wanted &&
		status.AvailableReplicas >= wanted
	switch {
	case complete:
		return Progress{Complete: true}
	case strategy.Type == appsv1.OnDeleteStatefulSetStrategyType:
		return Progress{Stuck: stuckOnDelete}
	case strategy.RollingUpdate != nil && ptr.Deref(strategy.RollingUpdate.Partition, 0) > 0:
		return Progress{Stuck: "has a partition in its update strategy, below which Pods stay as they are; lower it to 0"}
	default:
		return Progress{}
	}
}

func daemonSet(d *appsv1.DaemonSet) Progress {
	status := d.Status
	complete := status.ObservedGeneration >= d.Generation && status.UpdatedNumberScheduled >= status.DesiredNumberScheduled &&
		status.NumberAvailable >= status.DesiredNumberScheduled
	switch {
	case complete:
		return Progress{Complete: true}
	case d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType:
		return Progress{Stuck: stuckOnDelete}
	default:
		return Progress{}
	}
}

const stuckOnDelete = "has the update strategy OnDelete, with which Pods stay as they are; delete them one after the other"
