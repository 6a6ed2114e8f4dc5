// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// postTimes returns when the requests for keys arrived, in order.
func (e *environment) postTimes() []time.Time {
	var times []time.Time
	for _, request := range e.Cognigy.Requests() {
		if request.Method == http.MethodPost && request.Route == simulator.RouteKeys {
			times = append(times, request.At)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

var _ = Describe("The rate limit", Label("rate limit"), func() {
	It("holds for many resources at once, which cost hardly a request more than they need", func() {
		const keys, perSecond, burst = 40, 10, 5
		e := newEnvironment()
		connection := e.Connection()
		e.Change(connection, func() {
			connection.Spec.RateLimit = &v1alpha1.RateLimit{RequestsPerSecond: perSecond, Burst: burst}
		})
		e.AwaitReady(connection)
		for i := range keys {
			e.Create(e.Key(func(k *v1alpha1.EndpointAPIKey) { k.Name = fmt.Sprintf("key-%d", i) }))
		}
		e.Await(func(g Gomega) { g.Expect(e.Cognigy.Live("")).To(HaveLen(keys)) })
		posts := e.postTimes()
		e.Expect(len(posts)).To(BeNumerically("<=", keys*12/10))
		// No request is early; on a busy machine late ones may bunch up.
		took := posts[len(posts)-1].Sub(posts[0])
		e.Expect(took).To(BeNumerically(">=", time.Duration(keys-burst-perSecond)*time.Second/perSecond))
	})

	It("has all resources wait when one is told to, and then go on", func() {
		const wait = 4 * time.Second
		e := newEnvironment()
		e.Cognigy.Inject(simulator.Fault{
			Method: http.MethodPost, Route: simulator.RouteKeys, Kind: simulator.FaultStatus, Status: 429, Code: 429, RetryAfter: "4", Times: 1,
		})
		first := e.Key()
		e.Create(first)
		e.Await(func(g Gomega) { g.Expect(e.Posts()).To(Equal(1)) })
		told := e.postTimes()[0]
		others := make([]*v1alpha1.EndpointAPIKey, 5)
		for i := range others {
			others[i] = e.Key(func(k *v1alpha1.EndpointAPIKey) { k.Name = fmt.Sprintf("other-%d", i) })
			e.Create(others[i])
		}
		for _, key := range append(others, first) {
			e.AwaitDelivered(key, 1)
		}
		for _, entry := range e.Cognigy.Ledger() {
			// The ledger knows whole seconds only where Cognigy does; a second is left for that.
			e.Expect(entry.CreatedAt).To(BeTemporally(">=", told.Add(wait-time.Second)))
		}
		e.Expect(e.Posts()).To(Equal(7))
	})

	It("does not make a connection unready", func() {
		e := newEnvironment()
		connection := e.Connection()
		e.AwaitReady(connection)
		e.Cognigy.Inject(simulator.Fault{
			Method: http.MethodGet, Route: simulator.RouteEndpoints, Kind: simulator.FaultStatus, Status: 429, Code: 429, RetryAfter: "1",
		})
		before := e.Cognigy.Count(http.MethodGet, simulator.RouteEndpoints)
		e.remains(func(g Gomega) {
			g.Expect(cluster.Get(e.Context, clientKey(connection), connection)).To(Succeed())
			g.Expect(fixtures.Kstatus(g, connection)).To(Equal(status.CurrentStatus), "%s", fixtures.Conditions(connection))
		})
		e.Await(func(g Gomega) {
			g.Expect(e.Cognigy.Count(http.MethodGet, simulator.RouteEndpoints)).To(BeNumerically(">", before))
		})
	})
})
