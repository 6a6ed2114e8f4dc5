// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// markedKey is an element of a list that the operator keeps.
func markedKey(i int) string {
	name := plan.KeyName("x", start, plan.Marker("cluster", plan.Owner{Namespace: "crm", UID: strconv.Itoa(i)}))
	return fmt.Sprintf(`{"_id":"%024x","name":%q,"keyPreview":"8a4f••••••••7c2e","createdAt":1700000000}`, i, name)
}

// crowded is a session with a Cognigy whose every Endpoint has many keys of the operator's form. Its lists take about a megabyte each.
func crowded(t *testing.T) *environment {
	t.Helper()
	elements := make([]string, 3500)
	for i := range elements {
		elements[i] = markedKey(i)
	}
	body := []byte("[" + strings.Join(elements, ",") + "]")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
	t.Cleanup(server.Close)
	client, err := cognigy.New(cognigy.Config{
		BaseURL: server.URL, Authenticator: cognigy.APIKey(cognigy.NewSensitive("x")), AllowInsecureHTTP: true, Timeout: 10 * time.Second,
	})
	e := &environment{WithT: NewWithT(t), t: t, clock: clocktesting.NewFakePassiveClock(start)}
	e.Expect(err).NotTo(HaveOccurred())
	e.session = &connection.Session{Client: client, Lists: connection.NewLists(e.clock)}
	return e
}

// endpointNumber is the id of an Endpoint.
func endpointNumber(i int) string { return fmt.Sprintf("%024x", i) }

// A tenant decides how many Endpoints its resources name, and how long their lists are.
func TestRememberedListsAreBounded(t *testing.T) {
	e := crowded(t)
	const endpoints = 40
	for i := range endpoints {
		e.endpoint = endpointNumber(i)
		e.list(time.Duration(i) * time.Second)
		e.Expect(e.session.Newest(endpointNumber(0))).NotTo(BeNil(), "it is in use")
	}
	var remembered []int
	size := 0
	for i := range endpoints {
		if listing := e.session.Newest(endpointNumber(i)); listing != nil {
			remembered = append(remembered, i)
			for _, key := range listing.Keys {
				size += cognigy.Key(key).Size()
			}
		}
	}
	e.Expect(size).To(And(BeNumerically("<=", 16<<20), BeNumerically(">", 12<<20)))
	e.Expect(remembered[1:]).To(HaveEach(BeNumerically(">", endpoints-20)), "the least recently used ones are forgotten")
	e.Expect(remembered).To(ContainElement(endpoints - 1))
}

// Nobody asks for the list of an Endpoint whose resources are gone.
func TestUnusedListsAreForgotten(t *testing.T) {
	e := newEnvironment(t)
	unused := e.endpoint
	e.list(0)
	e.endpoint = e.cognigy.AddEndpoint("project", "another").ID
	e.list(25 * time.Hour)
	e.Expect(e.session.Newest(e.endpoint)).NotTo(BeNil())
	e.Expect(e.session.Newest(unused)).To(BeNil())
}

// Whoever may write a Secret can make its record name another key each time. That must displace nobody else's soon.
func TestMissingKeysAreBounded(t *testing.T) {
	e := newEnvironment(t)
	const many = 25_000
	key := func(i int) string { return fmt.Sprintf("%024x", i) }
	for i := range many {
		e.session.RememberMissing(e.endpoint, key(i), start)
		if i%1000 == 0 { // each reconcile of a resource whose key is missing does so
			e.session.RememberMissing(e.endpoint, key(0), e.session.MissingSince(e.endpoint, key(0)))
		}
	}
	known := 0
	for i := range many {
		if !e.session.MissingSince(e.endpoint, key(i)).IsZero() {
			known++
		}
	}
	e.Expect(known).To(BeNumerically("<=", 10_000))
	e.Expect(e.session.MissingSince(e.endpoint, key(0))).To(Equal(start))
	e.Expect(e.session.MissingSince(e.endpoint, key(many-1))).To(Equal(start))
	e.clock.SetTime(start.Add(25 * time.Hour))
	e.Expect(e.session.MissingSince(e.endpoint, key(many-1))).To(BeZero(), "no Secret records it any more")
}

// Two connections may lead to different Cognigys, whose Endpoints have the same ids.
func TestConnectionsShareNoLists(t *testing.T) {
	e := newEnvironment(t)
	e.list(0)
	e.session.RememberMissing(e.endpoint, endpointNumber(1), start)
	other := &connection.Session{Client: e.session.Client, Lists: e.session.Lists, Connection: "another"}
	e.Expect(other.Newest(e.endpoint)).To(BeNil())
	e.Expect(other.MissingSince(e.endpoint, endpointNumber(1))).To(BeZero())
	_, err := other.List(t.Context(), e.endpoint, start)
	e.Expect(err).NotTo(HaveOccurred())
	e.Expect(e.requests()).To(Equal(2))
}
