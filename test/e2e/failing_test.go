// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net/http"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// shortestWait is the operator's wait after a first failure. Each further one doubles it.
const shortestWait = 500 * time.Millisecond

// refusals are answers to a POST that come at once, and do not change: that Cognigy failed, and that the user may not do this.
var refusals = []TableEntry{
	Entry("500", simulator.Fault{Status: http.StatusInternalServerError, Code: 1008}),
	Entry("403", simulator.Fault{Status: http.StatusForbidden, Code: http.StatusForbidden}),
}

// refuse has Cognigy answer every POST to an Endpoint with a refusal.
func (f *fleet) refuse(endpoint string, refusal simulator.Fault) {
	refusal.Method, refusal.Route, refusal.Kind, refusal.EndpointID = http.MethodPost, simulator.RouteKeys, simulator.FaultStatus, endpoint
	f.Cognigy.Inject(refusal)
}

// asked counts the requests to an Endpoint, and the POSTs among them.
func (f *fleet) asked(endpoint string) (requests, posts int) {
	for _, request := range f.Cognigy.Requests() {
		if request.EndpointID != endpoint {
			continue
		}
		requests++
		if request.Method == http.MethodPost {
			posts++
		}
	}
	return requests, posts
}

// tries is how often something may be tried within a time: at once, and after each wait. Jitter makes it less.
func tries(within time.Duration) int {
	tries := 1
	for wait := shortestWait; within >= wait; wait *= 2 {
		within -= wait
		tries++
	}
	return tries
}

var _ = Describe("Resources that fail for ever", Label("load"), func() {
	DescribeTable("do not delay those of another Endpoint of the same connection when Cognigy answers", Serial, func(refusal simulator.Fault) {
		start()
		f := newFleet(11)
		failing, healthy := f.endpoints[:1], f.endpoints[1:]
		without := f.serve(healthy)
		f.refuse(failing[0], refusal)
		f.apply(many, failing)
		// Up to here the resources that fail cost no more than others would. From here on they are those that fail for ever.
		f.waits(few + many)
		beside := f.serveUnimpeded(healthy, without)
		requests, posts := f.asked(failing[0])
		measured("%d keys took %s, and %s beside an Endpoint on which %d resources fail, with %d requests, %d of them POSTs",
			few, without, beside, many, requests, posts)
	}, refusals)

	DescribeTable("are asked for less and less often when Cognigy answers", func(refusal simulator.Fault) {
		onlyInLoadTest()
		// A resource that gets its finalizer is looked at once more.
		bound := few * (tries(watched) + 1)
		start()
		f := newFleet(2)
		failing, healthy := f.endpoints[:1], f.endpoints[1:]
		f.serve(healthy)
		f.refuse(failing[0], refusal)
		f.apply(few, failing)
		f.Consistently(func() int {
			_, posts := f.asked(failing[0])
			return posts
		}).WithTimeout(watched).Should(BeNumerically("<=", bound), "POSTs")
		requests, posts := f.asked(failing[0])
		measured("%d resources that fail cost %d requests in %s, %d of them POSTs; at most %d", few, requests, watched, posts, bound)
		f.Expect(requests).To(BeNumerically("<=", 2*bound), "before each POST but the first there is a list")
	}, refusals)

	It("do not delay those of another connection when credentials are rejected, and are soon asked for by the probe only", Serial, func() {
		onlyInLoadTest()
		start()
		healthy, rejected := newFleet(10), newFleet(10)
		without := healthy.serve(healthy.endpoints)
		rejected.serve(rejected.endpoints)
		before := len(rejected.Cognigy.Requests())
		rejected.Cognigy.SetAPIKeys("another")
		rejected.apply(many, rejected.endpoints)
		beside := healthy.serveUnimpeded(healthy.endpoints, without)
		cost := func() int { return len(rejected.Cognigy.Requests()) - before }
		measured("%d keys took %s, and %s beside a connection whose credentials are rejected, with %d requests", few, without, beside, cost())

		// Some ask once more before it is known.
		rejected.Consistently(cost).WithTimeout(watched).Should(BeNumerically("<=", 2*many+tries(watched)))
		measured("%d resources cost %d requests in %s", many, cost(), watched)
		rejected.connectionIs(status.FailedStatus)
	})
})
