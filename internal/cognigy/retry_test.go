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

// The client sends each request once, whatever the answer: callers repeat it within their rate limit.
func TestCallsAreSentOnce(t *testing.T) {
	cases := map[string]struct {
		fault   simulator.Fault
		timeout time.Duration
		kind    cognigy.Kind // "" if the call succeeds
	}{
		"a success":          {},
		"a reset":            {fault: simulator.Fault{Kind: simulator.FaultResetBefore}, kind: cognigy.Unavailable},
		"a lost answer":      {fault: simulator.Fault{Kind: simulator.FaultCommitThenDrop}, kind: cognigy.Unavailable},
		"a timeout":          {fault: simulator.Fault{Delay: time.Hour}, timeout: 200 * time.Millisecond, kind: cognigy.Unavailable},
		"500":                {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 500, Code: 1008}, kind: cognigy.Unavailable},
		"502 of a proxy":     {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 502}, kind: cognigy.Unavailable},
		"503, Retry-After":   {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 503, RetryAfter: "1"}, kind: cognigy.Unavailable},
		"429":                {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 429}, kind: cognigy.RateLimited},
		"429, Retry-After":   {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 429, Code: 429, RetryAfter: "1"}, kind: cognigy.RateLimited},
		"408":                {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 408, Code: 408}, kind: cognigy.Unavailable},
		"403":                {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 403, Code: 403}, kind: cognigy.Forbidden},
		"a redirect":         {fault: simulator.Fault{Kind: simulator.FaultRedirect, Body: "/canary"}, kind: cognigy.Redirected},
		"a proxy's 404 page": {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 404}, kind: cognigy.Unexpected},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they wait most of the time
			r := start(t)
			made := r.mustCreate(t)
			calls := map[string]func(*cognigy.Client) error{
				http.MethodGet: func(client *cognigy.Client) error {
					_, err := client.ListKeys(t.Context(), r.endpointID, everything)
					return err
				},
				http.MethodDelete: func(client *cognigy.Client) error {
					return client.DeleteKey(t.Context(), r.endpointID, made.ID)
				},
			}
			for method, call := range calls {
				// Each call gets a new client: on an idle connection that is dead, net/http repeats a GET.
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
				g.Expect(r.Count(method, route)).To(Equal(1), method)
			}
		})
	}
}

// A caller repeats a DELETE whose answer got lost, and the second one finds a key that the first one revoked.
func TestRepeatedDELETE(t *testing.T) {
	for _, kind := range []simulator.FaultKind{simulator.FaultCommitThenDrop, simulator.FaultCommitThen500} {
		t.Run(string(kind), func(t *testing.T) {
			g := NewWithT(t)
			r := start(t)
			made := r.mustCreate(t)
			r.Inject(simulator.Fault{Kind: kind, Times: 1})
			g.Expect(r.client.DeleteKey(t.Context(), r.endpointID, made.ID)).NotTo(Succeed())
			g.Expect(r.Live("")).To(BeEmpty())
			g.Expect(r.client.DeleteKey(t.Context(), r.endpointID, made.ID)).To(Succeed())
		})
	}
}

func TestCallerGivesUp(t *testing.T) {
	cases := []struct {
		why   string
		fault simulator.Fault
	}{
		{"while the server thinks", simulator.Fault{Delay: time.Hour}},
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
				_, err := r.client.ListKeys(ctx, r.endpointID, everything)
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
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := r.client.CreateKey(ctx, r.endpointID, keyName)
	failed := failure(t, err)
	g.Expect(failed.Kind).To(Equal(cognigy.Unavailable))
	g.Expect(failed.OutcomeUnknown).To(BeTrue())
	g.Expect(failed).To(MatchError(ContainSubstring("no answer within")))
}
