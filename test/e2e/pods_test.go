// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// terminationGrace stands for the 30 seconds for which a Pod that ends may call.
const terminationGrace = 2 * time.Second

// pods are those of a cluster's Deployments, one for each. No kubelet or controller runs them but this: it starts a Pod for a new template
// once the Secret of that exists, and ends the one before then, as a rolling update does. A Pod calls its Endpoint all the time,
// with the value that the Secret had when it started, as containers do that have it in an environment variable.
type pods struct {
	cluster    client.Client
	namespaces []string
	http       *http.Client
	ctx        context.Context // ends with the spec
	running    sync.WaitGroup

	calls, existing atomic.Int64
	mu              sync.Mutex
	current         map[types.NamespacedName]pod
	refused         []string // what was answered to calls that were refused
}

// pod runs a generation of a Deployment.
type pod struct {
	generation int64
	calls      *atomic.Int64
	end        func()
}

// runPods runs the Pods of Deployments of some namespaces until the spec ends.
func runPods(cluster client.Client, namespaces []string, authorities []byte) *pods {
	GinkgoHelper()
	p := &pods{cluster: cluster, namespaces: namespaces, current: map[types.NamespacedName]pod{}, http: fixtures.Trusting(authorities)}
	p.http.Timeout = 10 * time.Second
	var cancel context.CancelFunc
	p.ctx, cancel = context.WithCancel(context.Background())
	DeferCleanup(func() {
		cancel()
		p.running.Wait()
	})
	p.running.Go(func() {
		for fixtures.Pause(p.ctx, 100*time.Millisecond) {
			p.sync()
		}
	})
	return p
}

// sync starts and ends Pods as the Deployments are now.
func (p *pods) sync() {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := &appsv1.DeploymentList{}
	if p.cluster.List(p.ctx, found) != nil {
		return // the next time
	}
	wanted := map[types.NamespacedName]bool{}
	for i := range found.Items {
		deployment := &found.Items[i]
		name := client.ObjectKeyFromObject(deployment)
		wanted[name] = true
		before := p.current[name]
		if !slices.Contains(p.namespaces, name.Namespace) || before.generation == deployment.Generation {
			continue
		}
		url, key, err := p.environment(deployment)
		if err != nil {
			continue // CreateContainerConfigError: the Pod before stays meanwhile
		}
		p.current[name] = p.start(url, key, deployment.Generation)
		if before.end != nil {
			before.end()
		}
	}
	for name, last := range p.current {
		if !wanted[name] {
			last.end()
			delete(p.current, name)
		}
	}
}

// environment returns the variables of a Deployment's container.
func (p *pods) environment(deployment *appsv1.Deployment) (url, key string, err error) {
	for _, variable := range deployment.Spec.Template.Spec.Containers[0].Env {
		if variable.ValueFrom == nil {
			url = variable.Value
			continue
		}
		reference, secret := variable.ValueFrom.SecretKeyRef, &corev1.Secret{}
		err = p.cluster.Get(p.ctx, types.NamespacedName{Namespace: deployment.Namespace, Name: reference.Name}, secret)
		if key = string(secret.Data[reference.Key]); err == nil && key == "" {
			err = errors.New("the Secret has no such data key")
		}
	}
	return url, key, err
}

// start begins to call. The Pod's end has it stop when its grace is over.
func (p *pods) start(url, key string, generation int64) pod {
	ctx, stop := context.WithCancel(p.ctx)
	started := pod{generation: generation, calls: &atomic.Int64{}, end: func() { time.AfterFunc(terminationGrace, stop) }}
	p.existing.Add(1)
	p.running.Go(func() {
		defer p.existing.Add(-1)
		for fixtures.Pause(ctx, 20*time.Millisecond) {
			p.call(url, key)
			started.calls.Add(1)
		}
	})
	return started
}

func (p *pods) call(url, key string) {
	status, text, err := fixtures.CallEndpoint(context.Background(), p.http, url, key)
	if err == nil && status != http.StatusOK {
		err = errors.New(text)
	}
	p.calls.Add(1)
	if err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.refused = append(p.refused, fmt.Sprintf("%s: %v", url, err))
	}
}

// Runs reports whether the Pod of a Deployment has its newest template.
func (p *pods) Runs(deployment *appsv1.Deployment) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current[client.ObjectKeyFromObject(deployment)].generation == deployment.Generation
}

// Ending is how many Pods were replaced, or have lost their Deployment, and may still call.
func (p *pods) Ending() int {
	p.sync()
	p.mu.Lock()
	defer p.mu.Unlock()
	return int(p.existing.Load()) - len(p.current)
}

// AllCall reports whether each Pod has called often enough to have noticed a key that does not work.
func (p *pods) AllCall() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, each := range p.current {
		if each.calls.Load() < 20 {
			return false
		}
	}
	return true
}

// Refused returns what was answered to calls that were refused.
func (p *pods) Refused() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.refused)
}
