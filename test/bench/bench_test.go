// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package bench_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

const (
	patience  = 20 * time.Minute
	endpoints = 20
	// creators is how many resources are created or deleted at a time.
	creators = 8
)

// bench is a namespace with a connection to a Cognigy that bears everything, and what was measured there.
type bench struct {
	*fixtures.Environment
	t         *testing.T
	operator  *testbed.Process // nil: none runs
	output    testbed.Output
	endpoints []simulator.Endpoint
	rows      []figures

	mu        sync.Mutex
	created   map[string]time.Time     // by the name of the resource
	delivered map[string]time.Duration // how long that took, by the name of the resource
	gone      int                      // resources
	names     int
	marks     int
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
	b.endpoints = []simulator.Endpoint{b.Endpoint}
	for i := 1; i < endpoints; i++ {
		b.endpoints = append(b.endpoints, b.Cognigy.AddEndpoint(b.Endpoint.ProjectID, fmt.Sprintf("Endpoint %d", i)))
	}
	b.observe()
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

// reference is how a resource refers to an Endpoint.
type reference func(simulator.Endpoint) v1alpha1.EndpointReference

func byID(endpoint simulator.Endpoint) v1alpha1.EndpointReference {
	return v1alpha1.EndpointReference{ID: endpoint.ID}
}

// create creates resources, as fast as the API server takes them.
func (b *bench) create(keys int, refer reference, then func(*v1alpha1.EndpointAPIKey)) {
	first := b.names
	b.names += keys
	b.sideBySide(keys, func(i int) error {
		i += first
		key := b.Key(fixtures.Named(fmt.Sprintf("key-%d", i)), func(key *v1alpha1.EndpointAPIKey) {
			key.Spec.Endpoint = refer(b.endpoints[i%len(b.endpoints)])
		})
		b.mu.Lock()
		b.created[key.Name] = time.Now()
		b.mu.Unlock()
		if err := bed.Cluster.Create(b.Context, key); err != nil {
			return err
		}
		then(key)
		return nil
	})
}

// each does something to every resource. One request for all of them would take longer than the API server lets it.
func (b *bench) each(do func(*v1alpha1.EndpointAPIKey) error) {
	b.t.Helper()
	found := &v1alpha1.EndpointAPIKeyList{}
	b.Expect(bed.Cluster.List(b.Context, found, client.InNamespace(b.Namespace))).To(Succeed())
	b.sideBySide(len(found.Items), func(i int) error { return do(&found.Items[i]) })
}

// sideBySide does something so many times, a few at a time.
func (b *bench) sideBySide(times int, do func(int) error) {
	b.t.Helper()
	var all errgroup.Group
	all.SetLimit(creators)
	for i := range times {
		all.Go(func() error { return do(i) })
	}
	b.Expect(all.Wait()).To(Succeed())
}

// observe starts to watch the namespace's resources.
func (b *bench) observe() {
	b.t.Helper()
	ctx, stop := context.WithCancel(b.Context)
	b.t.Cleanup(stop)
	watched, err := cache.New(bed.Config, cache.Options{
		Scheme: bed.Cluster.Scheme(), DefaultNamespaces: map[string]cache.Config{b.Namespace: {}},
	})
	b.Expect(err).NotTo(HaveOccurred())
	informer, err := watched.GetInformer(ctx, &v1alpha1.EndpointAPIKey{}, cache.BlockUntilSynced(false))
	b.Expect(err).NotTo(HaveOccurred())
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { b.see(object, false) },
		UpdateFunc: func(_, object any) { b.see(object, false) },
		DeleteFunc: func(object any) { b.see(object, true) },
	})
	b.Expect(err).NotTo(HaveOccurred())
	go func() { _ = watched.Start(ctx) }()
	b.Expect(watched.WaitForCacheSync(ctx)).To(BeTrue())
}

// see notes what became of a resource.
func (b *bench) see(object any, isGone bool) {
	if final, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
		object = final.Obj
	}
	key := object.(*v1alpha1.EndpointAPIKey)
	b.mu.Lock()
	defer b.mu.Unlock()
	if isGone {
		b.gone++
		return
	}
	if _, known := b.delivered[key.Name]; !known && meta.IsStatusConditionTrue(key.Status.Conditions, v1alpha1.ConditionReady) {
		b.delivered[key.Name] = time.Since(b.created[key.Name])
	}
}

// await waits until so many resources are delivered or gone.
func (b *bench) await(what string, count func() int, keys int) {
	b.t.Helper()
	told := 0
	b.Eventually(func() int {
		b.mu.Lock()
		defer b.mu.Unlock()
		reached := count()
		if reached/500 > told {
			told = reached / 500
			b.t.Logf("  %d %s", reached, what)
		}
		return reached
	}).WithTimeout(patience).WithPolling(20 * time.Millisecond).Should(Equal(keys))
}

// deliveries creates resources at once and waits until all keys are delivered. It returns how long each took.
func (b *bench) deliveries(keys int, refer reference, then func(*v1alpha1.EndpointAPIKey)) []time.Duration {
	b.t.Helper()
	b.mu.Lock()
	b.delivered = map[string]time.Duration{}
	b.mu.Unlock()
	b.create(keys, refer, then)
	b.await("delivered", func() int { return len(b.delivered) }, keys)
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Values(b.delivered))
}

// storm creates resources at once, through a connection that is in use already: the first resource has the connection and its
// credentials protected.
func (b *bench) storm(scenario string, keys int, refer reference) figures {
	b.t.Helper()
	nothing := func(*v1alpha1.EndpointAPIKey) {}
	b.AwaitReady(b.Connection())
	b.deliveries(1, refer, nothing)
	row := b.measure(scenario, keys, func() []time.Duration { return b.deliveries(keys, refer, nothing) })
	b.Expect(b.Cognigy.Live("")).To(HaveLen(keys + 1))
	return row
}

// deletion deletes all resources at once, and waits until all keys are revoked.
func (b *bench) deletion(keys int) figures {
	b.t.Helper()
	keys++ // the first one
	row := b.measure("deletion", keys, func() []time.Duration {
		b.mu.Lock()
		b.gone = 0
		b.mu.Unlock()
		b.each(func(key *v1alpha1.EndpointAPIKey) error { return bed.Cluster.Delete(b.Context, key) })
		b.await("gone", func() int { return b.gone }, keys)
		return nil
	})
	b.Expect(b.Cognigy.Live("")).To(BeEmpty())
	return row
}

// passes measures what the operator does of itself within a time.
func (b *bench) passes(scenario string, keys int, length time.Duration) figures {
	b.t.Helper()
	return b.measure(scenario, keys, func() []time.Duration {
		<-time.After(length)
		return nil
	})
}
