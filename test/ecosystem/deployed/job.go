// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package deployed

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// longestMessage is how many bytes of what a container printed last a kubelet puts into its status.
const longestMessage = 2048

// runJob runs the container of a Job's Pod to its end.
func (k *Kubelet) runJob(ctx context.Context, pod *corev1.Pod) error {
	output := &testbed.Output{}
	process, err := k.launch(ctx, pod, output, pod.Spec.Containers[0].Args)
	if err != nil {
		return err
	}
	ended := process.Wait(patience)
	k.node.serve(pod, output.String)
	return k.report(ctx, pod, output.String(), ended)
}

// report says how the only container of a Pod ended.
func (k *Kubelet) report(ctx context.Context, pod *corev1.Pod, printed string, ended error) error {
	read := pod.DeepCopy()
	terminated := &corev1.ContainerStateTerminated{Reason: "Completed", FinishedAt: metav1.Now()}
	pod.Status.Phase = corev1.PodSucceeded
	if ended != nil {
		pod.Status.Phase, terminated.Reason, terminated.ExitCode = corev1.PodFailed, "Error", 1
		if pod.Spec.Containers[0].TerminationMessagePolicy == corev1.TerminationMessageFallbackToLogsOnError {
			terminated.Message = printed[max(0, len(printed)-longestMessage):]
		}
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: pod.Spec.Containers[0].Name, State: corev1.ContainerState{Terminated: terminated},
	}}
	return k.Cluster.Client.Status().Patch(ctx, pod, client.StrategicMergeFrom(read))
}
