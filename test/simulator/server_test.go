// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestOnlyLoopback(t *testing.T) {
	for _, address := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "nonsense"} {
		if s, err := Start(Options{Address: address}); err == nil {
			s.Close()
			t.Errorf("listens on %q", address)
		}
	}
	for _, address := range []string{"", "127.0.0.1:0", "localhost:0"} {
		r := start(t, Options{Address: address})
		if !strings.HasPrefix(r.URL(), "http://127.0.0.1:") || r.CABundle() != nil {
			t.Errorf("%q listens at %s", address, r.URL())
		}
	}
}

func TestTLS(t *testing.T) {
	r := start(t, Options{TLS: true})
	if _, err := r.try(r.request(http.MethodGet, r.keys(), "")); err == nil {
		t.Error("a client that does not trust the certificate is served")
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(r.CABundle())
	r.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	equal(t, "status", r.post("over TLS").status, http.StatusCreated)

	r.Inject(Fault{Kind: FaultResetBefore})
	if _, err := r.try(r.request(http.MethodPost, r.keys(), `{"name":"a"}`)); err == nil {
		t.Error("a TLS connection is not reset")
	}
	r.wantLedger("made")
}

func TestCredentials(t *testing.T) {
	r := startLenient(t, Options{APIKeys: []string{"one", "two"}})
	status := func(key string) int { return r.do(http.MethodGet, r.keys(), "", "X-API-Key", key).status }

	equal(t, "first", r.APIKey(), "one")
	equal(t, "with one", status("one"), http.StatusOK)
	equal(t, "with two", status("two"), http.StatusOK)
	r.SetAPIKeys("three")
	equal(t, "with one, replaced", status("one"), http.StatusUnauthorized)
	equal(t, "with three", status("three"), http.StatusOK)
	r.SetAPIKeys()
	equal(t, "with none accepted", status(""), http.StatusUnauthorized)
	equal(t, "first of none", r.APIKey(), "")
	one, another := start(t, Options{}), start(t, Options{})
	if one.APIKey() == another.APIKey() {
		t.Error("the credential made up is not random")
	}
}

func TestPeopleAndTheLedger(t *testing.T) {
	r := start(t, Options{})
	byHand, plaintext := r.AddKey(r.endpoint.ID, "made by Ünal_1")
	equal(t, "works", r.Works(r.endpoint.ID, plaintext), true)
	kept := r.create()

	equal(t, "revoked", r.RevokeKey(byHand.ID), true)
	equal(t, "revoked twice", r.RevokeKey(byHand.ID), false)
	equal(t, "revoked without being there", r.RevokeKey(absentID), false)
	equal(t, "DELETE of a revoked key", r.remove(byHand.ID).status, http.StatusNotFound)
	r.wantLedger("made UI", "made")

	r.RemoveEndpoint(r.endpoint.ID)
	r.RemoveEndpoint(r.endpoint.ID)
	r.wantLedger("made UI", "made EndpointRemoved")
	equal(t, "works", r.Works(r.endpoint.ID, kept.Key), false)
	equal(t, "LIST", decode[problem](t, r.do(http.MethodGet, r.keys(), "").body).Code, codeNotFound)
	entry, plaintext := r.AddKey(r.endpoint.ID, "too late")
	equal(t, "key of an Endpoint that is gone", entry.ID+plaintext, "")
}

func TestJournal(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	r := startLenient(t, Options{Now: func() time.Time { return now }})
	r.do(http.MethodGet, r.keys()+"?api_key=secret", "", "X-API-Key", "", "User-Agent", "test", "Accept", "text/csv")
	r.post("a key")
	r.do(http.MethodGet, "/elsewhere/unknown", "")
	r.do(http.MethodGet, "/_simulator/ledger", "")

	want := []Request{
		{
			At: now, Method: "GET", Route: RouteKeys, EndpointID: r.endpoint.ID, Status: 401,
			UserAgent: "test", Accept: "text/csv", APIKeyQuery: true,
		},
		{
			At: now, Method: "POST", Route: RouteKeys, EndpointID: r.endpoint.ID, Status: 201,
			UserAgent: "Go-http-client/1.1", APIKeyHeader: true, Credentials: Fingerprint(r.APIKey()),
		},
		{
			At: now, Method: "GET", Status: 404, UserAgent: "Go-http-client/1.1", APIKeyHeader: true, Credentials: Fingerprint(r.APIKey()),
		},
	}
	requests := r.Requests()
	equal(t, "requests", len(requests), len(want))
	for i, request := range requests {
		equal(t, "request", request, want[i])
	}
	equal(t, "LISTs", r.Count(http.MethodGet, RouteKeys), 1)
	equal(t, "DELETEs", r.Count(http.MethodDelete, RouteKey), 0)
}

func TestJournalIsBounded(t *testing.T) {
	j := newJournal()
	const sent = maxRequests + 10
	for range sent {
		j.arrived(call{method: "GET", route: RouteKeys}, &http.Request{}, time.Time{})
	}
	equal(t, "kept", len(j.Requests()), maxRequests/2+10)
	equal(t, "counted", j.Count("GET", RouteKeys), sent)
}

func TestConcurrentClients(t *testing.T) {
	r := start(t, Options{})
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range 10 {
				r.remove(r.create().ID)
				r.list()
				r.Requests()
				r.Live(r.endpoint.ID)
			}
		})
	}
	clients.Wait()
	equal(t, "made", len(r.Ledger()), 80)
	equal(t, "live", len(r.Live("")), 0)
	equal(t, "POSTs", r.Count(http.MethodPost, RouteKeys), 80)
}

// After a simulator is closed, tests check its ledger, so that nothing may change it any more.
func TestCloseEndsWaitingRequestsWithoutActing(t *testing.T) {
	for _, kind := range []FaultKind{"", FaultCommitAfterDelay} {
		r := start(t, Options{})
		r.Inject(Fault{Kind: kind, Delay: time.Hour})
		request, ended := r.request(http.MethodPost, r.keys(), `{"name":"a"}`), make(chan error)
		go func() {
			_, err := r.try(request)
			ended <- err
		}()
		eventually(t, "the request arrives", func() bool { return r.Count(http.MethodPost, RouteKeys) == 1 })
		r.Close()
		if err := <-ended; err == nil {
			t.Errorf("a request waiting for %q is answered", kind)
		}
		r.wantLedger()
	}
}
