// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// fleet is a connection to a Cognigy of its own, with many resources.
type fleet struct {
	*fixtures.Environment
	endpoints []string
	keys      int
}

// newFleet makes a connection that is ready, with the timeouts that users get unless the edits say otherwise: what is measured is how
// little one resource's wait for them costs others. Start the operator before.
func newFleet(endpoints int, edits ...func(*v1alpha1.ConnectionSpec)) *fleet {
	GinkgoHelper()
	f := &fleet{Environment: newEnvironment(append([]func(*v1alpha1.ConnectionSpec){fixtures.WithDefaultTimeouts}, edits...)...)}
	f.AwaitReady(f.Connection())
	f.endpoints = []string{f.Endpoint.ID}
	for i := 1; i < endpoints; i++ {
		f.endpoints = append(f.endpoints, f.Cognigy.AddEndpoint("project", fmt.Sprintf("Endpoint %d", i)).ID)
	}
	DeferCleanup(f.discard)
	return f
}

// apply creates resources on some of the Endpoints in turn, as fast as the API server takes them.
func (f *fleet) apply(keys int, endpoints []string) {
	GinkgoHelper()
	for i := range keys {
		f.Create(f.Key(fixtures.Named(fmt.Sprintf("key-%d", f.keys)), func(key *v1alpha1.EndpointAPIKey) {
			key.Spec.Endpoint.ID = endpoints[i%len(endpoints)]
		}, retain))
		f.keys++
	}
}

// settle waits until the resources on some of the Endpoints are ready, and proves that their Secrets' values work.
func (f *fleet) settle(endpoints []string) {
	GinkgoHelper()
	found := &v1alpha1.EndpointAPIKeyList{}
	f.Eventually(func(g Gomega) {
		g.Expect(cluster.List(f.Context, found, client.InNamespace(f.Namespace))).To(Succeed())
		for i := range found.Items {
			if key := &found.Items[i]; slices.Contains(endpoints, key.Spec.Endpoint.ID) {
				g.Expect(fixtures.Kstatus(g, key)).To(Equal(status.CurrentStatus), "%s: %v", key.Name, key.Status.Conditions)
			}
		}
	}).WithTimeout(patience).WithPolling(100 * time.Millisecond).Should(Succeed())
	secrets := &corev1.SecretList{}
	f.Expect(cluster.List(f.Context, secrets, client.InNamespace(f.Namespace))).To(Succeed())
	values := map[string]string{}
	for i := range secrets.Items {
		values[secrets.Items[i].Name] = string(secrets.Items[i].Data["api-key"])
	}
	for i := range found.Items {
		if key := &found.Items[i]; slices.Contains(endpoints, key.Spec.Endpoint.ID) {
			f.Expect(f.Cognigy.Works(key.Spec.Endpoint.ID, values[key.Name])).To(BeTrue(), key.Name)
		}
	}
}

// serve applies a few resources and returns how long it takes until they are ready.
func (f *fleet) serve(endpoints []string) time.Duration {
	GinkgoHelper()
	began := time.Now()
	f.apply(few, endpoints)
	f.settle(endpoints)
	return time.Since(began).Round(10 * time.Millisecond)
}

// discard deletes everything, so that the next test's operator has nothing of it to do.
func (f *fleet) discard() {
	ctx := context.Background()
	f.Cognigy.ClearFaults()
	f.Expect(cluster.DeleteAllOf(ctx, &v1alpha1.EndpointAPIKey{}, client.InNamespace(f.Namespace))).To(Succeed())
	f.Eventually(func(g Gomega) {
		left := &v1alpha1.EndpointAPIKeyList{}
		g.Expect(cluster.List(ctx, left, client.InNamespace(f.Namespace))).To(Succeed())
		g.Expect(left.Items).To(BeEmpty())
	}).WithTimeout(2 * patience).Should(Succeed())
	f.Expect(cluster.DeleteAllOf(ctx, &v1alpha1.CognigyConnection{}, client.InNamespace(f.Namespace))).To(Succeed())
}

// measured adds to the report what a spec measured.
func measured(format string, arguments ...any) {
	AddReportEntry("measured", fmt.Sprintf(format, arguments...), ReportEntryVisibilityAlways)
}

// busiest returns the most requests that arrived within a second.
func busiest(requests []simulator.Request) int {
	most, first := 0, 0
	for i := range requests {
		for requests[i].At.Sub(requests[first].At) > time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
