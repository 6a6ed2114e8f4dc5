// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// consumers are the workloads of a namespace that read Secrets.
type consumers struct {
	bySecret map[string][]string // lines that name a workload, and how it reads the Secret
	hidden   []string            // why some are not known
}

// workloads are the kinds that have Pods, with their templates.
var workloads = []struct {
	kind string
	list func() client.ObjectList
	pod  func(runtime.Object) corev1.PodSpec
}{
	{"Deployment", func() client.ObjectList { return &appsv1.DeploymentList{} }, func(o runtime.Object) corev1.PodSpec { return o.(*appsv1.Deployment).Spec.Template.Spec }},
	{"StatefulSet", func() client.ObjectList { return &appsv1.StatefulSetList{} }, func(o runtime.Object) corev1.PodSpec { return o.(*appsv1.StatefulSet).Spec.Template.Spec }},
	{"DaemonSet", func() client.ObjectList { return &appsv1.DaemonSetList{} }, func(o runtime.Object) corev1.PodSpec { return o.(*appsv1.DaemonSet).Spec.Template.Spec }},
	{"ReplicaSet", func() client.ObjectList { return &appsv1.ReplicaSetList{} }, func(o runtime.Object) corev1.PodSpec { return o.(*appsv1.ReplicaSet).Spec.Template.Spec }},
	{"CronJob", func() client.ObjectList { return &batchv1.CronJobList{} }, func(o runtime.Object) corev1.PodSpec { return o.(*batchv1.CronJob).Spec.JobTemplate.Spec.Template.Spec }},
	{"Job", func() client.ObjectList { return &batchv1.JobList{} }, func(o runtime.Object) corev1.PodSpec { return o.(*batchv1.Job).Spec.Template.Spec }},
	{"Pod", func() client.ObjectList { return &corev1.PodList{} }, func(o runtime.Object) corev1.PodSpec { return o.(*corev1.Pod).Spec }},
}

// readConsumers finds the workloads that read Secrets. What a controller made is shown as that controller.
func readConsumers(ctx context.Context, cluster *cluster, namespace string) (*consumers, error) {
	found := &consumers{bySecret: map[string][]string{}}
	for _, each := range workloads {
		list := each.list()
		err := cluster.List(ctx, list, client.InNamespace(namespace))
		if apierrors.IsForbidden(err) {
			found.hidden = append(found.hidden, fmt.Sprintf("%ss that read the Secrets (%s)", each.kind, err))
			continue
		}
		if err != nil {
			return nil, err
		}
		_ = meta.EachListItem(list, func(object runtime.Object) error { // the function returns no error
			workload := object.(metav1.Object)
			if metav1.GetControllerOf(workload) != nil {
				return nil
			}
			uses := secretsOf(each.pod(object))
			for _, secret := range sortedKeys(uses) {
				line := fmt.Sprintf("%s %s  by %s", each.kind, workload.GetName(), strings.Join(uses[secret], ", "))
				found.bySecret[secret] = append(found.bySecret[secret], line)
			}
			return nil
		})
	}
	return found, nil
}

// of returns the lines about the workloads that read a Secret.
func (c *consumers) of(secret string) []string { return c.bySecret[secret] }

// secretsOf says in which ways a Pod reads Secrets, by their names.
func secretsOf(pod corev1.PodSpec) map[string][]string {
	uses := map[string][]string{}
	add := func(secret, how string) {
		if secret != "" && !slices.Contains(uses[secret], how) {
			uses[secret] = append(uses[secret], how)
		}
	}
	for _, container := range containersOf(pod) {
		for _, variable := range container.Env {
			if from := variable.ValueFrom; from != nil && from.SecretKeyRef != nil {
				add(from.SecretKeyRef.Name, "env "+variable.Name)
			}
		}
		for _, from := range container.EnvFrom {
			if from.SecretRef != nil {
				add(from.SecretRef.Name, "envFrom")
			}
		}
	}
	for _, volume := range pod.Volumes {
		if volume.Secret != nil {
			add(volume.Secret.SecretName, "volume "+volume.Name)
		}
		if volume.Projected == nil {
			continue
		}
		for _, source := range volume.Projected.Sources {
			if source.Secret != nil {
				add(source.Secret.Name, "projected volume "+volume.Name)
			}
		}
	}
	return uses
}

func containersOf(pod corev1.PodSpec) []corev1.Container {
	all := slices.Concat(pod.InitContainers, pod.Containers)
	for _, container := range pod.EphemeralContainers {
		all = append(all, corev1.Container(container.EphemeralContainerCommon))
	}
	return all
}
