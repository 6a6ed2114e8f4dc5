// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package flux

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// kubelet stands in for the kubelets of nodes. Pods become ready once the Secrets that they read exist. One process of the operator stands
// for all of its Pods of an image, so that whoever deletes these ends the operator.
type kubelet struct {
	folder    string
	operators map[string]*testbed.Process // by the image of their Pods
	output    testbed.Output              // of all processes of the operator
}

// startKubelet has Pods run until the test ends.
func startKubelet(t *testing.T) {
	t.Helper()
	k := &kubelet{folder: t.TempDir(), operators: map[string]*testbed.Process{}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- wait.PollUntilContextCancel(ctx, 200*time.Millisecond, true, func(ctx context.Context) (bool, error) { return false, k.sync(ctx) })
	}()
	t.Cleanup(func() {
		cancel()
		err := <-ended
		if errors.Is(err, context.Canceled) {
			err = nil
		}
		for _, operator := range k.operators {
			err = errors.Join(err, operator.Stop(patience))
		}
		if err != nil || t.Failed() {
			t.Errorf("the operator ended with %v, and printed\n%s", err, k.output.String())
		}
	})
}

// sync does once what kubelets do all the time. An error ends the kubelet.
func (k *kubelet) sync(ctx context.Context) error {
	pods := &corev1.PodList{}
	if err := cluster.List(ctx, pods); err != nil {
		return err
	}
	operators := map[string]*corev1.Pod{}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.Namespace == installation.Namespace {
			operators[pod.Spec.Containers[0].Image] = pod
		}
		if !hasSecrets(ctx, pod) {
			continue
		}
		_ = fixtures.SetReady(ctx, cluster, pod) // the Pod may be gone, or is tried again
	}
	for image, process := range k.operators {
		if operators[image] == nil {
			delete(k.operators, image)
			if err := process.Stop(patience); err != nil {
				return err
			}
		}
	}
	for image, pod := range operators {
		if k.operators[image] == nil {
			if err := k.start(ctx, image, pod); err != nil {
				return err
			}
		}
	}
	return nil
}

// hasSecrets reports whether the Secrets that a Pod's environment reads exist.
func hasSecrets(ctx context.Context, pod *corev1.Pod) bool {
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

// start runs the operator with the flags and under the ServiceAccount of its Pod. What it listens on is on loopback.
func (k *kubelet) start(ctx context.Context, image string, pod *corev1.Pod) error {
	config, err := plane.KubeconfigFor(ctx, pod.Namespace, pod.Spec.ServiceAccountName)
	if err != nil {
		return err
	}
	file := filepath.Join(k.folder, "kubeconfig")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return err
	}
	var flags []string
	for _, flag := range pod.Spec.Containers[0].Args {
		name, value, _ := strings.Cut(flag, "=")
		if strings.HasPrefix(value, ":") {
			flag = name + "=127.0.0.1:0"
		}
		flags = append(flags, flag)
	}
	bed := &testbed.Testbed{}
	bed.Binary = binary
	if image == earlierImage {
		bed.Binary = earlier.Binary
	}
	process, err := bed.Run(file, []string{"POD_NAMESPACE=" + pod.Namespace}, &k.output, flags...)
	if err == nil {
		k.operators[image] = process
	}
	return err
}
