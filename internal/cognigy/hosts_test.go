// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

func TestAllowedHosts(t *testing.T) {
	cases := []struct {
		why, base, pattern string
		allowed            bool
	}{
		{"the host", "https://api-trial.cognigy.ai", "api-trial.cognigy.ai:443", true},
		{"DNS knows no case", "https://API-trial.Cognigy.AI/new", "api-trial.cognigy.ai:443", true},
		{"the root of DNS may be spelled out", "https://api-trial.cognigy.ai.", "api-trial.cognigy.ai:443", true},
		{"a port of its own", "https://cognigy.example.com:8443", "cognigy.example.com:8443", true},
		{"http has another default port", "http://cognigy.example.com", "cognigy.example.com:80", true},
		{"IPv6", "https://[FD00::1]", "[fd00::1]:443", true},
		{"a name below a domain", "https://api.example.com", "*.example.com:443", true},
		{"far below", "https://api.eu.example.com", "*.example.com:443", true},
		{"another host", "https://api-app.cognigy.ai", "api-trial.cognigy.ai:443", false},
		{"another port", "https://api-trial.cognigy.ai:6443", "api-trial.cognigy.ai:443", false},
		{"http is another port, too", "http://api-trial.cognigy.ai", "api-trial.cognigy.ai:443", false},
		{"a host whose name goes on", "https://api-trial.cognigy.ai.evil.example", "api-trial.cognigy.ai:443", false},
		{"the domain itself", "https://example.com", "*.example.com:443", false},
		{"nothing below the domain", "https://.example.com", "*.example.com:443", false},
		{"a domain that only ends alike", "https://evilexample.com", "*.example.com:443", false},
		{"another port below the domain", "https://api.example.com:6443", "*.example.com:443", false},
		{"a path is no host", "https://evil.example/api.example.com:443", "*.example.com:443", false},
		{"an IPv6 zone is no domain", "https://[fe80::1%25.example.com]", "*.example.com:443", false},
		{"letters that look alike", "https://аpi.example.com", "api.example.com:443", false},
	}
	over, cancel := context.WithCancel(t.Context())
	cancel() // an allowed request ends before it is sent
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			client := newClient(t, c.base, allowing("other.example.com:443", c.pattern))
			_, created := client.CreateKey(over, endpointID, keyName)
			_, listed := client.ListKeys(over, endpointID, everything)
			for _, err := range []error{created, listed, client.DeleteKey(over, endpointID, absentID), client.Probe(over)} {
				failed := failure(t, err)
				g.Expect(failed.OutcomeUnknown).To(BeFalse())
				if c.allowed {
					g.Expect(failed).To(MatchError(ContainSubstring("cancelled")))
					continue
				}
				g.Expect(failed.Kind).To(Equal(cognigy.HostNotAllowed))
				g.Expect(failed).To(MatchError(ContainSubstring("--allowed-hosts does not name")))
			}
		})
	}
}

// Whatever the spec says, nothing arrives at a host that is not allowed.
func TestNothingIsSentToOtherHosts(t *testing.T) {
	g := NewWithT(t)
	r := start(t)
	host := strings.TrimPrefix(r.URL(), "http://")
	for _, call := range calls(t, newClient(t, r.URL(), allowing("localhost:443"))) {
		g.Expect(failure(t, call()).Kind).To(Equal(cognigy.HostNotAllowed))
	}
	g.Expect(r.Requests()).To(BeEmpty())
	g.Expect(newClient(t, r.URL(), allowing(host)).Probe(t.Context())).To(Succeed())
}

// Who may create a connection in a namespace must not learn from its status what listens where in the operator's network.
func TestCoarseErrorsAreAllTheSame(t *testing.T) {
	trusted := startWith(t, simulator.Options{TLS: true})
	coarse := func(c *cognigy.Config) { c.Coarse = true }
	silent := accept(t, func(_ *connections, _ int, conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	closing := accept(t, say("")) // it reads the request, or the client would see a reset
	half := accept(t, say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n["))
	nonsense := accept(t, say("SSH-2.0-OpenSSH_9.9\r\n"))
	cases := []struct{ why, base, cause string }{
		{"nobody listens", "http://" + closedPort(t), "connection refused"},
		{"the name does not exist", "http://cognigy.invalid", ""},
		{"a server that says nothing", silent.url, "no answer within"},
		{"a server that closes", closing.url, "closed before"},
		{"an answer that is not complete", half.url, "closed before"},
		{"a server of another protocol", nonsense.url, "broke off"},
		{"a certificate of another authority", trusted.URL(), "does not trust"},
		{"a server without TLS", strings.Replace(serve(t, answer(200, "[]")), "http", "https", 1), "speaks http"},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			_, err := newClient(t, c.base, coarse, timeout(2*time.Second)).ListKeys(t.Context(), endpointID, everything)
			failed := failure(t, err)
			g.Expect(failed.Kind).To(Equal(cognigy.Unavailable))
			g.Expect(failed.Error()).To(HavePrefix("GET /endpoints/{endpointId}/apikeys: the host of baseURL gives no complete answer; check "))
			g.Expect(failed.Error()).To(HaveSuffix("the operator's log has the cause"), "and nothing else")
			g.Expect(failed.Cause()).NotTo(BeEmpty())
			g.Expect(failed.Cause()).To(ContainSubstring(c.cause))
		})
	}
	t.Run("an answer is an answer", func(t *testing.T) {
		g := NewWithT(t)
		_, err := newClient(t, serve(t, answer(http.StatusNotFound, canary)), coarse).ListKeys(t.Context(), endpointID, everything)
		g.Expect(failure(t, err).Kind).To(Equal(cognigy.Unexpected))
		g.Expect(failure(t, err).Cause()).To(BeEmpty())
	})
}
