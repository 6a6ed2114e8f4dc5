// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// logLines is how much of the log of each Pod a report has.
const logLines = 5000

// operators adds the Deployments of the operator, and the logs of its Pods. It logs neither plaintexts nor bodies of requests.
func (b *bundle) operators(ctx context.Context, c *cluster, _ string) {
	deployments, err := c.operators(ctx)
	if err != nil {
		b.add("operators", nil, err)
	}
	for i := range deployments {
		facts := redactDeployment(&deployments[i])
		b.add(path.Join("operators", facts.Namespace, facts.Name+".yaml"), facts, nil)
		b.logs(ctx, c, facts.Namespace)
	}
}

func (b *bundle) logs(ctx context.Context, c *cluster, namespace string) {
	pods := &corev1.PodList{}
	if err := c.List(ctx, pods, client.InNamespace(namespace), operatorLabels); err != nil {
		b.add("logs", nil, err)
		return
	}
	clients, err := kubernetes.NewForConfig(c.config)
	if err != nil {
		b.add("logs", nil, err)
		return
	}
	for _, pod := range pods.Items {
		name := path.Join("operators", namespace, pod.Name+".log")
		log, err := clients.CoreV1().Pods(namespace).GetLogs(pod.Name, &corev1.PodLogOptions{Container: managerContainer, TailLines: new(int64(logLines))}).DoRaw(ctx)
		if err != nil {
			b.missing += fmt.Sprintf("%s: %s\n", name, understood("get", namespace, err))
			continue
		}
		b.files[name] = scrub(log)
	}
}

func sortedKeys[V any](of map[string]V) []string { return slices.Sorted(maps.Keys(of)) }
