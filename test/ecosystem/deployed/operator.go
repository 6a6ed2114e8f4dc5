// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package deployed

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// operator is a process that stands for all Pods of the operator that have the same image and flags.
type operator struct {
	process *testbed.Process
	metrics string // the address that it serves metrics at
}

// operate has a process of the operator run for as long as there are Pods of it.
func (k *Kubelet) operate(ctx context.Context, pods []*corev1.Pod) {
	wanted := map[string]*corev1.Pod{}
	for _, pod := range pods {
		container := pod.Spec.Containers[0]
		wanted[container.Image+" "+strings.Join(container.Args, " ")] = pod
		k.node.serve(pod, k.output.String)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for name := range k.operators {
		if wanted[name] == nil {
			k.stopOperator(name)
		}
	}
	for name, pod := range wanted {
		if k.operators[name] != nil {
			continue
		}
		if started, err := k.startOperator(ctx, pod); err == nil { // tried again otherwise: its ServiceAccount may be gone
			k.operators[name] = started
		}
	}
}

func (k *Kubelet) startOperator(ctx context.Context, pod *corev1.Pod) (*operator, error) {
	metrics, err := testbed.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	local := strings.NewReplacer("=:8443", "="+metrics, "=:8081", "=127.0.0.1:0")
	var flags []string
	for _, flag := range pod.Spec.Containers[0].Args {
		flags = append(flags, local.Replace(flag))
	}
	process, err := k.launch(ctx, pod, &k.output, flags)
	return &operator{process: process, metrics: metrics}, err
}

// stopOperator expects the lock to be held.
func (k *Kubelet) stopOperator(name string) {
	if err := k.operators[name].process.Stop(patience); err != nil {
		k.errs = append(k.errs, err)
	}
	delete(k.operators, name)
}

// Metrics is the address at which the operator serves metrics; empty while there is no process of it, or more than one.
func (k *Kubelet) Metrics() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.operators) != 1 {
		return ""
	}
	for _, only := range k.operators {
		return only.metrics
	}
	return ""
}

// launch starts the operator's binary under the ServiceAccount of a Pod.
func (k *Kubelet) launch(ctx context.Context, pod *corev1.Pod, output *testbed.Output, flags []string) (*testbed.Process, error) {
	config, err := k.Cluster.KubeconfigFor(ctx, pod.Namespace, pod.Spec.ServiceAccountName)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(k.folder, string(pod.UID))
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return nil, err
	}
	bed := &testbed.Testbed{}
	bed.Binary = k.Binary
	if other := k.Binaries[pod.Spec.Containers[0].Image]; other != "" {
		bed.Binary = other
	}
	return bed.Run(file, append([]string{"POD_NAMESPACE=" + pod.Namespace}, k.Environment...), output, flags...)
}
