// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net/http"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// ratePerSecond is what each host gets, unless a test says otherwise.
const ratePerSecond = 20

// slack is what a slow machine takes beside what a test measures.
const slack = 10 * time.Second

var _ = Describe("Many resources at once", Label("load"), func() {
	It("cost hardly a request more than needed at a Cognigy whose limit the operator does not know", Serial, func() {
		keys := slowKeys
		const endpoints, perSecond = 25, 5
		start()
		f := newFleet(endpoints)
		f.Cognigy.SetRateLimit(perSecond, perSecond)
		before := len(f.Cognigy.Requests())
		began := time.Now()
		f.apply(keys, f.endpoints)
		f.settle(f.endpoints)
		requests := f.Cognigy.Requests()[before:]
		posts, refused := f.Posts(), f.Cognigy.RateLimited()
		measured("%d keys: %d requests, %d of them POSTs, %d refused, %s; at least %d requests and %d s",
			keys, len(requests), posts, refused, time.Since(began).Round(100*time.Millisecond), keys, (keys-perSecond)/perSecond)
		// Those that were on their way when Cognigy refused the first are refused, too; a list precedes what is asked for again.
		f.Expect(refused).To(BeNumerically("<=", keys/20+ratePerSecond))
		f.Expect(len(requests) - 2*refused).To(BeNumerically("<=", keys*11/10))
		least := time.Duration(keys-perSecond) * time.Second / perSecond
		f.Expect(time.Since(began)).To(BeNumerically("<=", least*13/10+slack))
		f.Expect(f.Cognigy.Live("")).To(HaveLen(keys))
	})

	It("ask once each while Cognigy is down, and do not all come at once when it recovers", func() {
		const keys, endpoints = 50, 10
		start()
		f := newFleet(endpoints, fixtures.WithTimeouts(5*time.Second, 10*time.Second))
		before := len(f.Cognigy.Requests())
		f.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: http.StatusServiceUnavailable, Code: http.StatusServiceUnavailable})
		f.apply(keys, f.endpoints)
		f.connectionIs(status.InProgressStatus)
		asked := f.Posts()
		f.Consistently(func() int { return f.Posts() }).WithTimeout(10*time.Second).
			Should(BeNumerically("<=", keys), "each resource asks once at most")
		down := f.Cognigy.Requests()[before:]
		posts := f.Posts()

		f.Cognigy.ClearFaults()
		f.settle(f.endpoints)
		up := f.Cognigy.Requests()[before+len(down):]
		// A probe, the keys, and for each POST that was answered 503 a list that tells whether it made one.
		minimum := 1 + keys + posts
		measured("down: %d requests, %d of them POSTs, %d until the connection was not ready; up: %d requests, at least %d; %d in the busiest second",
			len(down), posts, asked, len(up), minimum, busiest(up))
		f.Expect(len(down)).To(BeNumerically("<=", 2*keys))
		f.Expect(len(up)).To(BeNumerically("<=", minimum*12/10))
		// The operator sends at the rate; requests that a busy machine delays arrive together. All of them at once would be a herd.
		f.Expect(busiest(up)).To(BeNumerically("<=", ratePerSecond*3/2), "there is no herd")
		f.Expect(f.Cognigy.Live("")).To(HaveLen(keys))
	})
})

// connectionIs waits for what kstatus makes of the connection.
func (f *fleet) connectionIs(want status.Status) {
	GinkgoHelper()
	f.Eventually(func(g Gomega) {
		found := f.Connection()
		g.Expect(cluster.Get(f.Context, client.ObjectKeyFromObject(found), found)).To(Succeed())
		g.Expect(fixtures.Kstatus(g, found)).To(Equal(want))
	}).WithTimeout(patience).WithPolling(50 * time.Millisecond).Should(Succeed())
}

var _ = Describe("A restart with many resources", Label("load"), func() {
	// There is no scan for orphans, which lists the same keys at a time of its own.
	It("costs a probe, and one list per Endpoint when its drift check is due", func() {
		onlyInLoadTest()
		const keys, endpoints, interval = 100, 10, 30 * time.Second
		first := start()
		f := newFleet(endpoints, func(spec *v1alpha1.ConnectionSpec) { spec.OrphanPolicy = v1alpha1.OrphanPolicyIgnore })
		f.apply(keys, f.endpoints)
		f.settle(f.endpoints)
		f.Expect(first.stop()).To(Succeed())
		before := len(f.Cognigy.Requests())
		began := time.Now()
		start("--drift-interval=" + interval.String())
		DeferCleanup(f.discard)
		f.Eventually(func() int { return f.lists(before) }).WithTimeout(patience).Should(Equal(endpoints))
		requests := f.Cognigy.Requests()[before:]
		var looks []simulator.Request
		for _, request := range requests {
			if request.Route == simulator.RouteKeys {
				looks = append(looks, request)
			}
		}
		measured("%d requests within %s; %d lists between %s and %s, %d in the busiest second", len(requests), time.Since(began).Round(time.Second), len(looks),
			looks[0].At.Sub(began).Round(100*time.Millisecond), looks[len(looks)-1].At.Sub(began).Round(100*time.Millisecond), busiest(looks))
		f.Expect(looks[0].At).To(BeTemporally(">=", began.Add(interval*9/10)))
		f.Expect(requests).To(HaveEach(HaveField("Method", http.MethodGet)))
		f.Expect(len(requests)).To(BeNumerically("<=", endpoints+5), "beside the lists there are probes")
	})
})

// lists counts the lists among the requests after the first ones.
func (f *fleet) lists(after int) int {
	lists := 0
	for _, request := range f.Cognigy.Requests()[after:] {
		if request.Method == http.MethodGet && request.Route == simulator.RouteKeys {
			lists++
		}
	}
	return lists
}
