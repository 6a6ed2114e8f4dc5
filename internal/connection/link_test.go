// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// linked returns a link to a Cognigy with one Endpoint.
func linked(t *testing.T) (*connection.Link, *simulator.Simulator, string) {
	t.Helper()
	g := NewWithT(t)
	server, err := simulator.Start(simulator.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(server.Close)
	client, err := cognigy.New(cognigy.Config{
		BaseURL: server.URL(), APIKey: cognigy.NewSensitive(server.APIKey()), AllowInsecureHTTP: true, Timeout: 10 * time.Second,
	})
	g.Expect(err).NotTo(HaveOccurred())
	return connection.NewLink(client, nil), server, server.AddEndpoint("project", "Endpoint").ID
}

func at(offset time.Duration) func() time.Time { return func() time.Time { return start.Add(offset) } }

func list(t *testing.T, link *connection.Link, endpoint string, offset time.Duration) *plan.Listing {
	t.Helper()
	listing, err := link.List(t.Context(), endpoint, start.Add(offset), at(offset))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return listing
}

// Many keys of one Endpoint that are due at the same time cost one request.
func TestListIsShared(t *testing.T) {
	g := NewWithT(t)
	link, server, endpoint := linked(t)
	server.Inject(simulator.Fault{Method: http.MethodGet, Delay: 50 * time.Millisecond})
	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() { list(t, link, endpoint, 0) })
	}
	callers.Wait()
	g.Expect(server.Count(http.MethodGet, simulator.RouteKeys)).To(Equal(1))
	list(t, link, endpoint, time.Second)
	g.Expect(server.Count(http.MethodGet, simulator.RouteKeys)).To(Equal(2), "an older list will not do")
	another := server.AddEndpoint("project", "another").ID
	list(t, link, another, 0)
	g.Expect(server.Count(http.MethodGet, simulator.RouteKeys)).To(Equal(3), "another Endpoint has another list")
}

// Whoever waits while a request fails does not wait for another one to fail.
func TestListFailureIsShared(t *testing.T) {
	g := NewWithT(t)
	link, server, endpoint := linked(t)
	server.Inject(simulator.Fault{Method: http.MethodGet, Delay: 50 * time.Millisecond, Kind: simulator.FaultStatus, Status: 429})
	var callers sync.WaitGroup
	var failures atomic.Int32
	for range 20 {
		callers.Go(func() {
			if _, err := link.List(t.Context(), endpoint, start, at(0)); cognigy.IsKind(err, cognigy.RateLimited) {
				failures.Add(1)
			}
		})
	}
	callers.Wait()
	g.Expect(failures.Load()).To(BeEquivalentTo(20))
	g.Expect(server.Count(http.MethodGet, simulator.RouteKeys)).To(Equal(1))
}

// A failure that was asked for too early is no answer to somebody who waited for it.
func TestListFailureIsTooOld(t *testing.T) {
	g := NewWithT(t)
	link, server, endpoint := linked(t)
	server.Inject(simulator.Fault{Method: http.MethodGet, Delay: 50 * time.Millisecond, Kind: simulator.FaultStatus, Status: 429, Times: 1})
	var early sync.WaitGroup
	early.Go(func() {
		_, err := link.List(t.Context(), endpoint, start, at(0))
		g.Expect(err).To(HaveOccurred())
	})
	g.Eventually(func() int { return server.Count(http.MethodGet, simulator.RouteKeys) }).Should(Equal(1))
	g.Expect(list(t, link, endpoint, time.Second).At).To(Equal(start.Add(time.Second)))
	early.Wait()
}

// A request that failed before is not the answer to a later one, and what was known before stays known.
func TestListFailureIsNotKept(t *testing.T) {
	g := NewWithT(t)
	link, server, endpoint := linked(t)
	known := list(t, link, endpoint, 0)
	server.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: 429, Times: 1})
	_, err := link.List(t.Context(), endpoint, start.Add(time.Second), at(time.Second))
	g.Expect(cognigy.IsKind(err, cognigy.RateLimited)).To(BeTrue())
	g.Expect(link.Newest(endpoint)).To(Equal(known))
	g.Expect(list(t, link, endpoint, time.Second).At).To(Equal(start.Add(time.Second)))
}

func TestMissingSince(t *testing.T) {
	g := NewWithT(t)
	link, server, endpoint := linked(t)
	key, _ := server.AddKey(endpoint, "key")
	missing := func() time.Time { return link.MissingSince(endpoint, key.ID) }
	g.Expect(missing()).To(BeZero())
	link.RememberMissing(endpoint, key.ID, start)
	g.Expect(missing()).To(Equal(start))
	list(t, link, endpoint, time.Second)
	g.Expect(missing()).To(BeZero(), "a list shows the key")
	link.RememberMissing(endpoint, key.ID, start)
	g.Expect(missing()).To(BeZero(), "a newer list shows the key")
	server.RevokeKey(key.ID)
	list(t, link, endpoint, 2*time.Second)
	link.RememberMissing(endpoint, key.ID, start.Add(2*time.Second))
	g.Expect(missing()).To(Equal(start.Add(2 * time.Second)))
}
