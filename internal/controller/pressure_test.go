// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// Many resources applied at once are served at the connection's rate, with hardly a request more than it takes.
func TestRateLimit(t *testing.T) {
	const keys, perSecond, burst = 40, 10, 5
	w := newWorld(t)
	connection := w.connection()
	w.change(connection, func() {
		connection.Spec.RateLimit = &v1alpha1.RateLimit{RequestsPerSecond: perSecond, Burst: burst}
	})
	w.becomesReady(connection)
	for i := range keys {
		w.create(w.key(func(k *v1alpha1.EndpointAPIKey) { k.Name = fmt.Sprintf("key-%d", i) }))
	}
	w.eventually(func(g Gomega) { g.Expect(w.cognigy.Live("")).To(HaveLen(keys)) })
	var posts []time.Time
	for _, request := range w.cognigy.Requests() {
		if request.Method == http.MethodPost && request.Route == simulator.RouteKeys {
			posts = append(posts, request.At)
		}
	}
	w.Expect(len(posts)).To(BeNumerically("<=", keys*12/10))
	slices.SortFunc(posts, time.Time.Compare)
	// A turn is taken when it has come or later, so that none of them is early; on a busy machine late ones may bunch up.
	took := posts[len(posts)-1].Sub(posts[0])
	w.Expect(took).To(BeNumerically(">=", time.Duration(keys-burst-perSecond)*time.Second/perSecond))
}

// One resource that is told to wait keeps the whole connection silent for that long; then everything goes on.
func TestRetryAfterHoldsForAll(t *testing.T) {
	const wait = 4 * time.Second
	w := newWorld(t)
	w.cognigy.Inject(simulator.Fault{
		Method: http.MethodPost, Route: simulator.RouteKeys, Kind: simulator.FaultStatus, Status: 429, Code: 429, RetryAfter: "4", Times: 1,
	})
	first := w.key()
	w.create(first)
	w.eventually(func(g Gomega) { g.Expect(w.posts()).To(Equal(1)) })
	told := time.Now()
	others := make([]*v1alpha1.EndpointAPIKey, 5)
	for i := range others {
		others[i] = w.key(func(k *v1alpha1.EndpointAPIKey) { k.Name = fmt.Sprintf("other-%d", i) })
		w.create(others[i])
	}
	for _, key := range append(others, first) {
		w.settles(key, 1)
	}
	for _, entry := range w.cognigy.Ledger() {
		// The ledger knows whole seconds only where Cognigy does; a second is left for that.
		w.Expect(entry.CreatedAt).To(BeTemporally(">=", told.Add(wait-time.Second)))
	}
	w.Expect(w.posts()).To(Equal(7))
}

// A Cognigy that asks to slow down is there: its connection stays ready, and its resources are not told otherwise.
func TestProbeIsRateLimited(t *testing.T) {
	w := newWorld(t)
	connection := w.connection()
	w.becomesReady(connection)
	w.cognigy.Inject(simulator.Fault{
		Method: http.MethodGet, Route: simulator.RouteEndpoints, Kind: simulator.FaultStatus, Status: 429, Code: 429, RetryAfter: "1",
	})
	before := w.cognigy.Count(http.MethodGet, simulator.RouteEndpoints)
	w.remains(func(g Gomega) {
		g.Expect(cluster.Get(w.ctx, clientKey(connection), connection)).To(Succeed())
		g.Expect(kstatus(g, connection)).To(Equal(status.CurrentStatus), "%s", conditionsOf(connection))
	})
	w.Expect(w.cognigy.Count(http.MethodGet, simulator.RouteEndpoints)).To(BeNumerically(">", before))
}
