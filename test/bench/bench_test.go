// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package bench_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

const (
	patience  = 20 * time.Minute
	endpoints = 20
	// creators is how many resources are created at a time.
	creators = 8
)

// bench is a namespace with a connection to a Cognigy that bears everything, and what was measured there.
type bench struct {
	*fixtures.Environment
	t         *testing.T
	operator  *testbed.Process // nil: none runs
	output    testbed.Output
	endpoints []string
	rows      []figures

	mu      sync.Mutex
	created map[string]time.Time // by the name of the resource
	names   int
	marks   int
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, created: map[string]time.Time{}}
	b.Environment = fixtures.New(t, fixtures.Options{
		Cluster: bed.Cluster, Context: context.Background(), Patience: patience, Cognigy: simulator.Options{TLS: true},
		Connection: []func(*v1alpha1.ConnectionSpec){func(spec *v1alpha1.ConnectionSpec) {
			spec.OrphanPolicy = v1alpha1.OrphanPolicyIgnore // a scan lists at times of its own
		}},
	})
	b.endpoints = []string{b.Endpoint.ID}
	for i := 1; i < endpoints; i++ {
		b.endpoints = append(b.endpoints, b.Cognigy.AddEndpoint("project", fmt.Sprintf("Endpoint %d", i)).ID)
	}
	return b
}

// start runs the operator.
func (b *bench) start(flags ...string) {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), "kubeconfig")
	b.Expect(os.WriteFile(file, bed.Kubeconfig, 0o600)).To(Succeed())
	flags = append([]string{
		"--namespace=" + installation.Namespace, "--metrics-bind-address=0", "--health-probe-bind-address=127.0.0.1:0",
		"--host-rate-limits=*=1000/1000",
	}, flags...)
	operator, err := bed.Run(file, nil, &b.output, flags...)
	b.Expect(err).NotTo(HaveOccurred())
	b.operator = operator
	b.t.Cleanup(operator.Kill)
}

func (b *bench) stop() {
	b.t.Helper()
	b.Expect(b.operator.Stop(time.Minute)).To(Succeed())
	b.operator = nil
}

// create creates resources, as fast as the API server takes them.
func (b *bench) create(keys int, then func(*v1alpha1.EndpointAPIKey)) {
	names := make(chan int, keys)
	for range keys {
		b.names++
		names <- b.names
	}
	close(names)
	var all sync.WaitGroup
	for range creators {
		all.Go(func() {
			for i := range names {
				key := b.Key(fixtures.Named(fmt.Sprintf("key-%d", i)), func(key *v1alpha1.EndpointAPIKey) {
					key.Spec.Endpoint.ID = b.endpoints[i%len(b.endpoints)]
				})
				b.mu.Lock()
				b.created[key.Name] = time.Now()
				b.mu.Unlock()
				b.Expect(bed.Cluster.Create(b.Context, key)).To(Succeed())
				then(key)
			}
		})
	}
	all.Wait()
}

func (b *bench) createdAt(name string) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.created[name]
}

// watchKeys watches the namespace's resources from now on. It returns a function that waits until another one is satisfied.
func (b *bench) watchKeys(isDone func(watch.Event, *v1alpha1.EndpointAPIKey) bool) (await func()) {
	b.t.Helper()
	config, err := clientcmd.RESTConfigFromKubeConfig(bed.Kubeconfig)
	b.Expect(err).NotTo(HaveOccurred())
	watching, err := client.NewWithWatch(config, client.Options{Scheme: bed.Cluster.Scheme()})
	b.Expect(err).NotTo(HaveOccurred())
	list := &v1alpha1.EndpointAPIKeyList{}
	b.Expect(bed.Cluster.List(b.Context, list, client.InNamespace(b.Namespace))).To(Succeed())
	watcher, err := watching.Watch(b.Context, &v1alpha1.EndpointAPIKeyList{}, client.InNamespace(b.Namespace),
		&client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: list.ResourceVersion}})
	b.Expect(err).NotTo(HaveOccurred())
	done := make(chan error, 1)
	go func() { done <- until(watcher, isDone) }()
	return func() {
		defer watcher.Stop()
		select {
		case err := <-done:
			b.Expect(err).NotTo(HaveOccurred())
		case <-time.After(patience):
			b.t.Fatalf("the operator is not done after %s", patience)
		}
	}
}

// until reads a watch until a function is satisfied. Someone has to, all the time: the API server ends a watch that lags.
func until(watcher watch.Interface, isDone func(watch.Event, *v1alpha1.EndpointAPIKey) bool) error {
	for event := range watcher.ResultChan() {
		key, ok := event.Object.(*v1alpha1.EndpointAPIKey)
		if !ok {
			return fmt.Errorf("the watch failed: %v", event.Object)
		}
		if isDone(event, key) {
			return nil
		}
	}
	return errors.New("the watch ended")
}

func isReady(key *v1alpha1.EndpointAPIKey) bool {
	return condition.Find(key.Status.Conditions, v1alpha1.ConditionReady).Status == metav1.ConditionTrue
}

// storm creates resources at once, and waits until all keys are delivered.
func (b *bench) storm(keys int) figures {
	b.t.Helper()
	row := b.measure("storm", keys, func() []time.Duration {
		delivered := map[string]time.Duration{}
		await := b.watchKeys(func(_ watch.Event, key *v1alpha1.EndpointAPIKey) bool {
			if _, known := delivered[key.Name]; !known && isReady(key) {
				if delivered[key.Name] = time.Since(b.createdAt(key.Name)); len(delivered)%500 == 0 {
					b.t.Logf("  %d delivered", len(delivered))
				}
			}
			return len(delivered) == keys
		})
		b.create(keys, func(*v1alpha1.EndpointAPIKey) {})
		await()
		latencies := make([]time.Duration, 0, keys)
		for _, latency := range delivered {
			latencies = append(latencies, latency)
		}
		return latencies
	})
	b.Expect(b.Cognigy.Live("")).To(HaveLen(keys))
	return row
}

// deletion deletes all resources at once, and waits until all keys are revoked.
func (b *bench) deletion(keys int) figures {
	b.t.Helper()
	row := b.measure("deletion", keys, func() []time.Duration {
		gone := 0
		await := b.watchKeys(func(event watch.Event, _ *v1alpha1.EndpointAPIKey) bool {
			if event.Type == watch.Deleted {
				if gone++; gone%500 == 0 {
					b.t.Logf("  %d gone", gone)
				}
			}
			return gone == keys
		})
		b.Expect(bed.Cluster.DeleteAllOf(b.Context, &v1alpha1.EndpointAPIKey{}, client.InNamespace(b.Namespace))).To(Succeed())
		await()
		return nil
	})
	b.Expect(b.Cognigy.Live("")).To(BeEmpty())
	return row
}

// passes measures what the operator does of itself within a time.
func (b *bench) passes(scenario string, keys int, length time.Duration) figures {
	b.t.Helper()
	return b.measure(scenario, keys, func() []time.Duration {
		time.Sleep(length)
		return nil
	})
}
