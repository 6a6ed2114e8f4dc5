// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package deployed

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// Kubelet stands in for the kubelets of a cluster's nodes. Pods become ready once the Secrets that their environment reads exist. Of Pods
// of Jobs, it runs the operator's binary as their container says, to its end. It serves the logs of both, and ends Pods that are deleted.
type Kubelet struct {
	Cluster *Cluster
	// Namespace is where the Pods are; everywhere if empty.
	Namespace string
	// Binary is the operator's.
	Binary string
	// Binaries are those of images that have another one.
	Binaries map[string]string
	// Operate has one process of the operator stand for all of its Pods of an image, so that whoever deletes these ends the operator.
	Operate bool
	// Environment has further variables of that process.
	Environment []string
	// Grace is how long a Pod that is deleted goes on.
	Grace time.Duration
	// Started is told of each Pod of a workload once, when it becomes ready. The context ends with the Pod. It may be nil.
	Started func(context.Context, *corev1.Pod)

	folder    string
	node      node
	running   map[types.UID]context.CancelFunc // Pods of workloads
	output    testbed.Output                   // of all processes of the operator
	errs      []error                          // with which these ended
	mu        sync.Mutex
	operators map[string]*operator // by image and flags
}

// Start has Pods run until the test ends.
func (k *Kubelet) Start(t *testing.T) {
	t.Helper()
	k.folder, k.running, k.operators = t.TempDir(), map[types.UID]context.CancelFunc{}, map[string]*operator{}
	k.node.start(t, k.Cluster.Client)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			k.sync(ctx)
			return false, nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		k.operate(ctx, nil)
		for _, end := range k.running {
			end()
		}
		if err := errors.Join(k.errs...); err != nil || t.Failed() {
			t.Logf("the operator printed\n%s", k.output.String())
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// sync does once what kubelets do all the time. What fails is tried again: a Pod may be gone, or have been changed.
func (k *Kubelet) sync(ctx context.Context) {
	pods := &corev1.PodList{}
	if k.Cluster.Client.List(ctx, pods, client.InNamespace(k.Namespace)) != nil {
		return
	}
	var operators []*corev1.Pod
	exists := map[types.UID]bool{}
	for i := range pods.Items {
		pod := &pods.Items[i]
		exists[pod.UID] = true
		if pod.DeletionTimestamp != nil {
			// The timestamp is the end of the time that the Pod asked for.
			asked := time.Duration(ptr.Deref(pod.DeletionGracePeriodSeconds, 0)) * time.Second
			if time.Since(pod.DeletionTimestamp.Add(-asked)) < k.Grace {
				continue
			}
			k.end(pod.UID)
			_ = k.Cluster.Client.Delete(ctx, pod, client.GracePeriodSeconds(0), client.Preconditions{UID: &pod.UID})
			continue
		}
		if pod.Spec.ServiceAccountName == installation.ServiceAccount {
			operators = append(operators, pod)
		}
		_ = k.run(ctx, pod)
	}
	for uid := range k.running {
		if !exists[uid] {
			k.end(uid)
		}
	}
	if k.Operate {
		k.operate(ctx, operators)
	}
}

// end tells whoever heard of a Pod's start that it has ended.
func (k *Kubelet) end(uid types.UID) {
	if end := k.running[uid]; end != nil {
		end()
		delete(k.running, uid)
	}
}

// run does the next step of a Pod's life.
func (k *Kubelet) run(ctx context.Context, pod *corev1.Pod) error {
	if pod.Status.Phase != corev1.PodPending {
		return nil
	}
	if err := k.node.bind(ctx, pod); err != nil {
		return err
	}
	if owner := metav1.GetControllerOf(pod); owner != nil && owner.Kind == "Job" {
		return k.runJob(ctx, pod)
	}
	if !hasSecrets(ctx, k.Cluster.Client, pod) {
		return nil
	}
	if err := fixtures.SetReady(ctx, k.Cluster.Client, pod); err != nil {
		return err
	}
	if k.Started != nil && pod.Spec.ServiceAccountName != installation.ServiceAccount {
		running, end := context.WithCancel(context.WithoutCancel(ctx))
		k.running[pod.UID] = end
		k.Started(running, pod)
	}
	return nil
}

// hasSecrets reports whether the Secrets that a Pod's environment reads exist.
func hasSecrets(ctx context.Context, cluster client.Client, pod *corev1.Pod) bool {
	for _, container := range pod.Spec.Containers {
		for _, variable := range container.Env {
			if variable.ValueFrom == nil || variable.ValueFrom.SecretKeyRef == nil {
				continue
			}
			from, secret := variable.ValueFrom.SecretKeyRef, &corev1.Secret{}
			err := cluster.Get(ctx, client.ObjectKey{Namespace: pod.Namespace, Name: from.Name}, secret)
			if err != nil || secret.Data[from.Key] == nil {
				return false
			}
		}
	}
	return true
}
