// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

func encode(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// Each refusal has another remedy.
func TestRefusedTokens(t *testing.T) {
	cases := []struct {
		why  string
		by   cognigy.Authenticator
		harm func(*rig)
		kind cognigy.Kind
		says string
	}{
		{"the client's secret is wrong", oauth2("wrong"), nil, cognigy.ClientRejected, "POST /auth/oauth2/token: HTTP 401 (invalid_client)"},
		{"the scope is wrong", oauth2(password, "endpoints", "flows"), nil, cognigy.ScopeRejected, "HTTP 400 (invalid_scope)"},
		{
			"there is no OAuth 2.0", oauth2(password),
			func(r *rig) {
				r.Inject(simulator.Fault{Route: simulator.RouteToken, Kind: simulator.FaultStatus, Status: 404})
			}, cognigy.Unexpected, "HTTP 404",
		},
		{
			"the server fails", oauth2(password),
			func(r *rig) {
				r.Inject(simulator.Fault{Route: simulator.RouteToken, Kind: simulator.FaultStatus, Status: 503})
			}, cognigy.Unavailable, "HTTP 503",
		},
		{
			"there were too many requests", oauth2(password), func(r *rig) {
				r.Inject(simulator.Fault{Route: simulator.RouteToken, Kind: simulator.FaultStatus, Status: 429, RetryAfter: "7"})
			}, cognigy.RateLimited, "HTTP 429",
		},
		{
			"the answer is cut off", oauth2(password),
			func(r *rig) { r.Inject(simulator.Fault{Route: simulator.RouteToken, Kind: simulator.FaultMalformed}) }, cognigy.Unexpected, "not the JSON",
		},
		{
			"there is no answer", oauth2(password),
			func(r *rig) {
				r.Inject(simulator.Fault{Route: simulator.RouteToken, Kind: simulator.FaultCommitThenDrop})
			}, cognigy.Unavailable, "closed",
		},
		{
			"the server redirects", oauth2(password), func(r *rig) {
				r.Inject(simulator.Fault{Route: simulator.RouteToken, Kind: simulator.FaultRedirect, Body: "https://" + canary})
			}, cognigy.Redirected, "does not follow",
		},
		{"the password is wrong", superAPIKey(organisationID, "wrong", time.Hour), nil, cognigy.BasicRejected, "HTTP 401"},
		{"the organisation is wrong", superAPIKey(absentID, password, time.Hour), nil, cognigy.OrganisationNotFound, "HTTP 404"},
		{
			"super API keys are off: 404", superAPIKey(organisationID, password, time.Hour),
			func(r *rig) { r.SwitchSuperAPIKeys(http.StatusNotFound) }, cognigy.SuperAPIKeysOff, "HTTP 404",
		},
		{
			"super API keys are off: 401", superAPIKey(organisationID, password, time.Hour),
			func(r *rig) { r.SwitchSuperAPIKeys(http.StatusUnauthorized) }, cognigy.SuperAPIKeysOff, "HTTP 401",
		},
		{
			"the answer has no key", superAPIKey(organisationID, password, time.Hour),
			func(r *rig) {
				r.Inject(simulator.Fault{Route: simulator.RouteSuperAPIKeys, Kind: simulator.FaultStatus, Status: 201, Body: "{}"})
			},
			cognigy.Unexpected, "no usable plaintext",
		},
		{"name and password are wrong", cognigy.Basic(sensitive(username), sensitive("wrong")), nil, cognigy.Unauthorized, "HTTP 401"},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			r := withTokens(t).by(t, c.by)
			if c.harm != nil {
				c.harm(r)
			}
			_, err := r.create(t)
			refused := failure(t, err)
			g.Expect(refused.Kind).To(Equal(c.kind), "%v", err)
			g.Expect(refused.Error()).To(ContainSubstring(c.says))
			g.Expect(refused.OutcomeUnknown).To(BeFalse(), "no key can have been made")
			if c.kind == cognigy.RateLimited {
				g.Expect(refused.RetryAfter).To(Equal(7 * time.Second))
			}
			g.Expect(r.Ledger()).To(BeEmpty())
		})
	}
}

// The library's errors quote the answer, and servers quote what they were sent.
func TestRefusalOfATokenIsNotQuoted(t *testing.T) {
	for _, status := range []int{200, 400, 401, 403, 500, 101} {
		for _, reply := range []string{
			`{"error":"%s","error_description":"%s","error_uri":"https://%s"}`, `{"error":"invalid_client","error_description":"%s"}`, "<p>%s</p>", `{"access_token":{"%s":1}}`,
		} {
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				sent, _ := io.ReadAll(r.Body)
				if status == http.StatusSwitchingProtocols {
					w.Header().Set("Connection", "upgrade")
					w.Header().Set("Upgrade", canary)
				}
				w.WriteHeader(status)
				_, _ = w.Write(bytes.ReplaceAll([]byte(reply), []byte("%s"), bytes.ReplaceAll(sent, []byte("&"), nil)))
			})
			_, err := newClient(t, base, authenticating(oauth2(password))).ListKeys(t.Context(), endpointID, everything)
			NewWithT(t).Expect(failure(t, err).Error()).NotTo(ContainSubstring(canary))
		}
	}
}

// Tokens are obtained where the client may connect to, and from nowhere else.
func TestTokensOfAllowedHosts(t *testing.T) {
	for _, way := range tokenWays {
		t.Run(way.why, func(t *testing.T) {
			g := NewWithT(t)
			r := withTokens(t).by(t, way.by(time.Hour), allowing("other.example.com:443"))
			g.Expect(failure(t, r.client.Probe(t.Context())).Kind).To(Equal(cognigy.HostNotAllowed))
			g.Expect(r.Requests()).To(BeEmpty())
		})
	}
}

// The request for a token has the client's timeout, also where one request's context ends earlier.
func TestTokenThatDoesNotCome(t *testing.T) {
	g := NewWithT(t)
	r := withTokens(t).by(t, oauth2(password), timeout(500*time.Millisecond))
	r.Inject(simulator.Fault{Route: simulator.RouteToken, Delay: patience, Times: 1})
	_, err := r.create(t)
	g.Expect(failure(t, err).Kind).To(Equal(cognigy.Unavailable))
	g.Expect(failure(t, err).OutcomeUnknown).To(BeFalse())
	r.mustCreate(t)
}

// An installation in the same cluster may have a certificate for its public name alone.
func TestServerName(t *testing.T) {
	g := NewWithT(t)
	behind := withTokens(t)
	server := httptest.NewUnstartedServer(behind.gateway(t))
	server.StartTLS()
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	g.Expect(err).NotTo(HaveOccurred())
	base, trust := "https://localhost:"+port, trusting(certificateOf(server)) // which is for example.com and 127.0.0.1
	named := func(name string) setting { return func(c *cognigy.Config) { c.ServerName = name } }
	by := authenticating(oauth2(password))
	g.Expect(failure(t, newClient(t, base, trust, by).Probe(t.Context())).Error()).To(ContainSubstring("certificate"))
	g.Expect(failure(t, newClient(t, base, trust, by, named("other.example")).Probe(t.Context())).Error()).To(ContainSubstring("certificate"))
	g.Expect(newClient(t, base, trust, by, named("example.com")).Probe(t.Context())).To(Succeed())
}
