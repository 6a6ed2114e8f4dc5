// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// A short hiccup must not end a reconcile; what takes long must not hold up the others.
func TestHowOftenIdempotentCallsAreSent(t *testing.T) {
	status := func(status, code int) simulator.Fault {
		return simulator.Fault{Kind: simulator.FaultStatus, Status: status, Code: code}
	}
	once := func(f simulator.Fault) simulator.Fault { f.Times = 1; return f }
	later := func(f simulator.Fault) simulator.Fault { f.RetryAfter = "1"; return f }
	const always = 4 // the first time, and three more

	cases := []struct {
		why     string
		fault   simulator.Fault
		timeout time.Duration
		sent    int
		kind    cognigy.Kind // "" if the call succeeds in the end
	}{
		{why: "nothing is wrong", fault: simulator.Fault{}, sent: 1},
		{why: "a connection is reset", fault: once(simulator.Fault{Kind: simulator.FaultResetBefore}), sent: 2},
		{why: "an answer is lost", fault: once(simulator.Fault{Kind: simulator.FaultCommitThenDrop}), sent: 2},
		{why: "a proxy has lost its backend for a moment", fault: once(status(502, 0)), sent: 2},
		{why: "a proxy has no backend for a moment", fault: once(status(503, 0)), sent: 2},
		{why: "a proxy gives up for once", fault: once(status(504, 0)), sent: 2},
		{why: "Cognigy stumbles", fault: once(status(500, 1008)), sent: 2},
		{why: "it does not stop", fault: status(502, 0), sent: always, kind: cognigy.Unavailable},
		{why: "every connection is reset", fault: simulator.Fault{Kind: simulator.FaultResetBefore}, sent: always, kind: cognigy.Unavailable},
		{why: "the server says when to come back", fault: later(status(503, 503)), sent: 1, kind: cognigy.Unavailable},
		{why: "the rate is limited, and the server says how long", fault: later(status(429, 429)), sent: 1, kind: cognigy.RateLimited},
		{why: "the rate is limited: asking again at once makes it worse", fault: status(429, 0), sent: 1, kind: cognigy.RateLimited},
		{why: "a timeout has taken long enough", fault: simulator.Fault{Delay: time.Hour}, timeout: 200 * time.Millisecond, sent: 1, kind: cognigy.Unavailable},
		{why: "somebody's timeout, after which the connection is closed", fault: status(408, 408), sent: 1, kind: cognigy.Unavailable},
		{why: "a refusal stays one", fault: status(403, 403), sent: 1, kind: cognigy.Forbidden},
		{why: "what is not implemented will not be in a second", fault: status(501, 1009), sent: 1, kind: cognigy.Unavailable},
		{why: "a redirect stays one", fault: simulator.Fault{Kind: simulator.FaultRedirect, Body: "/canary"}, sent: 1, kind: cognigy.Redirected},
		{why: "a proxy's page stays one", fault: status(404, 0), sent: 1, kind: cognigy.Unexpected},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel() // they wait most of the time
			r := start(t)
			made := r.mustCreate(t)
			calls := map[string]func(*cognigy.Client) error{
				http.MethodGet: func(client *cognigy.Client) error {
					_, err := client.ListKeys(t.Context(), r.endpointID)
					return err
				},
				http.MethodDelete: func(client *cognigy.Client) error {
					return client.DeleteKey(t.Context(), r.endpointID, made.ID)
				},
			}
			for method, call := range calls {
				// A client of its own, so that no kept connection makes net/http repeat a GET as well.
				client := newClient(t, r.URL())
				if c.timeout != 0 {
					client = newClient(t, r.URL(), timeout(c.timeout))
				}
				fault := c.fault
				fault.Method = method
				r.Inject(fault)
				err := call(client)
				g := NewWithT(t)
				if c.kind == "" {
					g.Expect(err).NotTo(HaveOccurred(), method)
				} else {
					g.Expect(failure(t, err).Kind).To(Equal(c.kind), method)
				}
				route := map[string]string{http.MethodGet: simulator.RouteKeys, http.MethodDelete: simulator.RouteKey}[method]
				g.Expect(r.Count(method, route)).To(Equal(c.sent), method)
			}
		})
	}
}

// The second DELETE meets a key that the first one has revoked already.
func TestRepeatedDELETE(t *testing.T) {
	for _, kind := range []simulator.FaultKind{simulator.FaultCommitThenDrop, simulator.FaultCommitThen500, simulator.FaultMalformed} {
		t.Run(string(kind), func(t *testing.T) {
			g := NewWithT(t)
			r := start(t)
			made := r.mustCreate(t)
			r.Inject(simulator.Fault{Kind: kind, Times: 1})
			g.Expect(r.client.DeleteKey(t.Context(), r.endpointID, made.ID)).To(Succeed())
			g.Expect(r.Live("")).To(BeEmpty())
		})
	}
}

func TestCallerGivesUp(t *testing.T) {
	cases := []struct {
		why   string
		fault simulator.Fault
	}{
		{"while the server thinks", simulator.Fault{Delay: time.Hour}},
		{"between two attempts", simulator.Fault{Kind: simulator.FaultStatus, Status: 502}},
		{"while the body arrives", simulator.Fault{Kind: simulator.FaultHuge, Delay: 50 * time.Millisecond}},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			r := start(t)
			r.Inject(c.fault)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() {
				_, err := r.client.ListKeys(ctx, r.endpointID)
				ended <- err
			}()
			g.Eventually(r.lists).WithTimeout(patience).Should(BeNumerically(">=", 1))
			cancel()
			var err error
			g.Eventually(ended).WithTimeout(patience / 2).Should(Receive(&err))
			failed := failure(t, err)
			if failed.Status == 0 {
				g.Expect(failed).To(MatchError(ContainSubstring("cancelled")))
			}
		})
	}
}

// A caller's own deadline counts as well, and a POST that runs into it may have had its effect.
func TestCallersDeadline(t *testing.T) {
	g := NewWithT(t)
	r := start(t)
	r.Inject(simulator.Fault{Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := r.client.CreateKey(ctx, r.endpointID, keyName)
	failed := failure(t, err)
	g.Expect(failed.Kind).To(Equal(cognigy.Unavailable))
	g.Expect(failed.OutcomeUnknown).To(BeTrue())
	g.Expect(failed).To(MatchError(ContainSubstring("no answer within")))
}
