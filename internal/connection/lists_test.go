// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/openapi"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// environment is a session with a Cognigy that has one Endpoint, on a manual clock.
type environment struct {
	*WithT
	t        *testing.T
	cognigy  *simulator.Simulator
	endpoint string
	session  *connection.Session
	clock    *clocktesting.FakePassiveClock
}

func newEnvironment(t *testing.T) *environment {
	t.Helper()
	e := &environment{WithT: NewWithT(t), t: t, clock: clocktesting.NewFakePassiveClock(start)}
	server, err := simulator.Start(simulator.Options{Contract: openapi.Cognigy()})
	e.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() {
		server.Close()
		e.Expect(server.Violations()).To(BeEmpty(), "what Cognigy does not document")
	})
	client, err := cognigy.New(cognigy.Config{
		BaseURL: server.URL(), Authenticator: cognigy.APIKey(cognigy.NewSensitive(server.APIKey())), AllowInsecureHTTP: true, Timeout: 10 * time.Second,
	})
	e.Expect(err).NotTo(HaveOccurred())
	e.cognigy, e.endpoint = server, server.AddEndpoint("project", "Endpoint").ID
	e.session = &connection.Session{Client: client, Lists: connection.NewLists(e.clock)}
	return e
}

// list sets the clock, and requests a list that is not older.
func (e *environment) list(at time.Duration) *plan.Listing {
	e.t.Helper()
	e.clock.SetTime(start.Add(at))
	listing, err := e.session.List(e.t.Context(), e.endpoint, start.Add(at))
	e.Expect(err).NotTo(HaveOccurred())
	return listing
}

func (e *environment) requests() int { return e.cognigy.Count(http.MethodGet, simulator.RouteKeys) }

// atOnce requests the same list for 20 resources, and returns how often that failed as rate limited.
func (e *environment) atOnce() int {
	var callers sync.WaitGroup
	var failures atomic.Int32
	for range 20 {
		callers.Go(func() {
			if _, err := e.session.List(e.t.Context(), e.endpoint, start); cognigy.IsKind(err, cognigy.RateLimited) {
				failures.Add(1)
			}
		})
	}
	callers.Wait()
	return int(failures.Load())
}

// Many resources of one Endpoint that are due at the same time cost one request.
func TestListIsShared(t *testing.T) {
	e := newEnvironment(t)
	e.cognigy.Inject(simulator.Fault{Method: http.MethodGet, Delay: 50 * time.Millisecond})
	e.Expect(e.atOnce()).To(BeZero())
	e.Expect(e.requests()).To(Equal(1))
	e.list(time.Second)
	e.Expect(e.requests()).To(Equal(2), "an older list will not do")
	e.endpoint = e.cognigy.AddEndpoint("project", "another").ID
	e.list(time.Second)
	e.Expect(e.requests()).To(Equal(3), "another Endpoint has another list")
}

// Resources that wait for a request that fails do not each wait for another one to fail.
func TestListFailureIsShared(t *testing.T) {
	e := newEnvironment(t)
	e.cognigy.Inject(simulator.Fault{Method: http.MethodGet, Delay: 50 * time.Millisecond, Kind: simulator.FaultStatus, Status: 429})
	e.Expect(e.atOnce()).To(Equal(20))
	e.Expect(e.requests()).To(Equal(1))
}

// A failure from before the wanted time answers another question.
func TestListFailureIsTooOld(t *testing.T) {
	e := newEnvironment(t)
	e.cognigy.Inject(simulator.Fault{Method: http.MethodGet, Delay: 50 * time.Millisecond, Kind: simulator.FaultStatus, Status: 429, Times: 1})
	var early sync.WaitGroup
	early.Go(func() {
		_, err := e.session.List(t.Context(), e.endpoint, start)
		e.Expect(err).To(HaveOccurred())
	})
	e.Eventually(e.requests).WithTimeout(20 * time.Second).Should(Equal(1))
	e.Expect(e.list(time.Second).At).To(Equal(start.Add(time.Second)))
	early.Wait()
}

// A failure does not displace the list before it, and is not remembered.
func TestListFailureIsNotKept(t *testing.T) {
	e := newEnvironment(t)
	known := e.list(0)
	e.cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: 429, Times: 1})
	e.clock.SetTime(start.Add(time.Second))
	_, err := e.session.List(t.Context(), e.endpoint, start.Add(time.Second))
	e.Expect(cognigy.IsKind(err, cognigy.RateLimited)).To(BeTrue())
	e.Expect(e.session.Newest(e.endpoint)).To(Equal(known))
	e.Expect(e.list(time.Second).At).To(Equal(start.Add(time.Second)))
}

// A caller that asks for a list from the future gets the one from now, instead of requesting one after the other.
func TestListFromTheFuture(t *testing.T) {
	e := newEnvironment(t)
	listing, err := e.session.List(t.Context(), e.endpoint, start.Add(time.Hour))
	e.Expect(err).NotTo(HaveOccurred())
	e.Expect(listing.At).To(Equal(start))
}

// That an Endpoint is gone is an answer like any other list.
func TestEndpointGone(t *testing.T) {
	e := newEnvironment(t)
	e.cognigy.RemoveEndpoint(e.endpoint)
	e.Expect(e.list(0)).To(Equal(&plan.Listing{At: start, EndpointGone: true}))
	e.list(0)
	e.Expect(e.requests()).To(Equal(1))
}

// A Cognigy that has the Endpoint and knows no list of its keys says nothing of the keys: its version may have been put back.
func TestEndpointWithoutKeys(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int // of the Endpoint
		kind   cognigy.Kind
	}{
		{"The Endpoint exists.", 0, cognigy.KeysNotSupported},
		{"The user may not see it.", http.StatusForbidden, cognigy.Forbidden},
		{"Cognigy fails.", http.StatusServiceUnavailable, cognigy.Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEnvironment(t)
			refuse := func(route string, status, code int) {
				e.cognigy.Inject(simulator.Fault{Method: http.MethodGet, Route: route, Kind: simulator.FaultStatus, Status: status, Code: code})
			}
			refuse(simulator.RouteKeys, http.StatusNotFound, 1002)
			if tt.status != 0 {
				refuse(simulator.RouteEndpoint, tt.status, tt.status)
			}
			_, err := e.session.List(t.Context(), e.endpoint, start)
			e.Expect(cognigy.IsKind(err, tt.kind)).To(BeTrue(), "want %s: %v", tt.kind, err)
			e.Expect(e.session.Newest(e.endpoint)).To(BeNil())
		})
	}
}

// Of others' keys nothing depends on what a list shows, whoever creates how many.
func TestListsHaveNoKeysOfOthers(t *testing.T) {
	e := newEnvironment(t)
	marker := plan.Marker("cluster", plan.Owner{Namespace: "crm", UID: "1"})
	for _, name := range []string{
		"My key", "My key " + marker + " copy", marker, "My key" + marker, "My key " + strings.ToUpper(marker), "My key " + marker + "\n",
		"My key " + marker[:len(marker)-1], "My key " + marker + "0", "My key k8s-1-2-3",
	} {
		e.cognigy.AddKey(e.endpoint, name)
	}
	own, _ := e.cognigy.AddKey(e.endpoint, plan.KeyName("CRM webhook", start, marker))
	another, _ := e.cognigy.AddKey(e.endpoint, "Ä "+plan.Marker("another cluster", plan.Owner{Namespace: "crm", UID: "1"}))
	long, _ := e.cognigy.AddKey(e.endpoint, strings.Repeat("n", 5000)+" "+marker)
	listing := e.list(0)
	e.Expect(listing.Keys).To(HaveLen(3))
	for _, shown := range []string{own.ID, another.ID, long.ID} {
		e.Expect(listing.Shows(shown)).To(BeTrue())
	}
}

func TestMissingSince(t *testing.T) {
	e := newEnvironment(t)
	key, _ := e.cognigy.AddKey(e.endpoint, plan.KeyName("key", start, plan.Marker("cluster", plan.Owner{Namespace: "crm", UID: "1"})))
	missing := func() time.Time { return e.session.MissingSince(e.endpoint, key.ID) }
	e.Expect(missing()).To(BeZero())
	e.session.RememberMissing(e.endpoint, key.ID, start)
	e.Expect(missing()).To(Equal(start))
	e.list(time.Second)
	e.Expect(missing()).To(BeZero(), "a list shows the key")
	e.session.RememberMissing(e.endpoint, key.ID, start)
	e.Expect(missing()).To(BeZero(), "a newer list shows the key")
	e.cognigy.RevokeKey(key.ID)
	e.list(2 * time.Second)
	e.session.RememberMissing(e.endpoint, key.ID, start.Add(2*time.Second))
	e.Expect(missing()).To(Equal(start.Add(2 * time.Second)))
}

// Requests that fail have the connection probed, but not each of them.
func TestRequestProbe(t *testing.T) {
	g := NewWithT(t)
	var session connection.Session
	g.Expect(session.RequestProbe(start)).To(BeTrue())
	g.Expect(session.RequestProbe(start.Add(time.Second))).To(BeFalse())
	g.Expect(session.RequestProbe(start.Add(5 * time.Second))).To(BeTrue())
}
