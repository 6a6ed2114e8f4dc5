// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// neighbour returns a fleet in another namespace, with the same Cognigy. The two count their resources apart.
func (f *fleet) neighbour() *fleet {
	GinkgoHelper()
	other := &fleet{Environment: f.Neighbour(), endpoints: f.endpoints}
	other.AwaitReady(other.Connection())
	DeferCleanup(other.discard)
	return other
}

// reported counts the resources of which the operator reports something.
func (f *fleet) reported(g Gomega) int {
	found := &v1alpha1.EndpointAPIKeyList{}
	g.Expect(cluster.List(f.Context, found, client.InNamespace(f.Namespace))).To(Succeed())
	count := 0
	for i := range found.Items {
		if len(found.Items[i].Status.Conditions) > 0 {
			count++
		}
	}
	return count
}

// deliverOne returns how long a new resource takes until its key is delivered.
func (f *fleet) deliverOne() time.Duration {
	GinkgoHelper()
	began := time.Now()
	f.apply(1, f.endpoints[len(f.endpoints)-1:])
	name := fmt.Sprintf("key-%d", f.keys-1)
	f.Eventually(func(g Gomega) {
		key := f.Key(fixtures.Named(name))
		g.Expect(cluster.Get(f.Context, client.ObjectKeyFromObject(key), key)).To(Succeed())
		g.Expect(condition.Find(key.Status.Conditions, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionTrue))
	}).WithTimeout(patience).WithPolling(10 * time.Millisecond).Should(Succeed())
	return time.Since(began).Round(time.Millisecond)
}

// fastest is the shortest of a few deliveries: what else slows the machine down is not what is measured.
func (f *fleet) fastest() time.Duration {
	GinkgoHelper()
	fastest := f.deliverOne()
	for range 4 {
		fastest = min(fastest, f.deliverOne())
	}
	return fastest
}

// noise is what measurements differ by on a machine that does other things too.
const noise = 500 * time.Millisecond

var _ = Describe("A tenant", Label("load"), func() {
	// Both have the same Cognigy, and so the same budget.
	It("does not wait for another one whose Endpoints are all gone", Serial, func() {
		start("--host-rate-limits=*=20/100")
		f := newFleet(11)
		other := f.neighbour()
		alone := other.fastest()
		gone := f.endpoints[:10]
		for _, endpoint := range gone {
			f.Cognigy.RemoveEndpoint(endpoint)
		}
		f.apply(goneKeys, gone)
		f.Eventually(f.reported).WithTimeout(patience).Should(BeNumerically(">=", goneKeys/10))
		beside := other.fastest()
		measured("a key takes %s, and %s beside %d resources whose Endpoints are gone", alone, beside, goneKeys)
		f.Expect(beside).To(BeNumerically("<=", 2*alone+noise))
	})

	// Its connections answer probes, and nothing else. Their requests take the workers of that tenant.
	It("does not wait for another one of whose connections none answers", Serial, func() {
		start()
		healthy := newFleet(2)
		alone := healthy.fastest()
		fleets := make([]*fleet, 4)
		for i := range fleets {
			fleets[i] = newFleet(5, hangingTimeouts)
			fleets[i].Cognigy.Inject(simulator.Fault{Route: simulator.RouteKeys, Delay: hang})
		}
		tenant := fleets[0] // which has connections of its own to the Cognigys of the others
		for i, f := range fleets[1:] {
			connection := tenant.Connection()
			connection.Name = fmt.Sprintf("hanging-%d", i)
			connection.Spec.BaseURL, connection.Spec.CABundle = f.Cognigy.URL(), f.Cognigy.CABundle()
			connection.Spec.Auth.APIKey.SecretRef.Name = v1alpha1.ObjectName(connection.Name)
			credentials := tenant.Credentials(f.Cognigy.APIKey())
			credentials.Name = connection.Name
			tenant.Create(credentials)
			tenant.Create(connection)
			tenant.AwaitReady(connection)
			for j := range tenantKeys / 4 {
				tenant.Create(tenant.Key(fixtures.Named(fmt.Sprintf("%s-%d", connection.Name, j)), func(key *v1alpha1.EndpointAPIKey) {
					key.Spec.ConnectionRef.Name, key.Spec.Endpoint.ID = v1alpha1.ObjectName(connection.Name), f.endpoints[j%len(f.endpoints)]
				}, retain))
			}
		}
		tenant.apply(tenantKeys/4, tenant.endpoints)
		hanging := func() int {
			posts := 0
			for _, f := range fleets {
				posts += f.Posts()
			}
			return posts
		}
		healthy.Eventually(hanging).WithTimeout(patience).Should(BeNumerically(">=", min(16, tenantKeys/2)))
		beside := healthy.fastest()
		measured("a key takes %s, and %s beside a tenant of whose requests %d hang", alone, beside, hanging())
		healthy.Expect(beside).To(BeNumerically("<=", 2*alone+noise))
	})

	It("shares with many others what Cognigy grants to one address", func() {
		const connections, endpoints, burst = 20, 10, 40
		start(fmt.Sprintf("--host-rate-limits=*=20/%d", burst))
		f := newFleet(endpoints)
		tenants := []*fleet{f}
		for range connections - 1 {
			tenants = append(tenants, f.neighbour())
		}
		f.Cognigy.SetQuota(quota, quotaWindow)
		before := len(f.Cognigy.Requests())
		began := time.Now()
		for _, tenant := range tenants {
			tenant.apply(quotaKeys/connections, f.endpoints)
		}
		for _, tenant := range tenants {
			tenant.settle(f.endpoints)
		}
		requests, refused := len(f.Cognigy.Requests())-before, f.Cognigy.RateLimited()
		measured("%d keys over %d connections: %d requests, %d of them refused, in %s; at most %d are granted in %s",
			quotaKeys, connections, requests, refused, time.Since(began).Round(time.Second), quota, quotaWindow)
		f.Expect(refused).To(BeNumerically("<=", max(requests/20, burst)), "those that are on their way when Cognigy refuses the first, or few")
		f.Expect(f.Cognigy.Live("")).To(HaveLen(quotaKeys))
	})
})
