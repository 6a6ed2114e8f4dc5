// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

const (
	organisationID = "64f0c0ffee00000000000009"
	clientID       = canary + "-client"
	username       = canary + "-user"
	password       = canary + "-password: with a colon"
)

func sensitive(value string) cognigy.Sensitive { return cognigy.NewSensitive(value) }

func authenticating(by cognigy.Authenticator) setting {
	return func(c *cognigy.Config) { c.Authenticator = by }
}

func oauth2(secret string, scopes ...string) cognigy.Authenticator {
	return cognigy.OAuth2(cognigy.OAuth2Client{ID: sensitive(clientID), Secret: sensitive(secret), Scopes: scopes})
}

// superAPIKey authenticates by super API keys of an organisation, which it may make at any time.
func superAPIKey(organisation, secret string, lifetime time.Duration) cognigy.Authenticator {
	return cognigy.SuperAPIKey(cognigy.SuperAPIKeySource{
		OrganisationID: organisation, Username: sensitive(username), Password: sensitive(secret), Lifetime: lifetime,
		Permit: func(context.Context) error { return nil },
	})
}

// withTokens starts a Cognigy that knows every way to authenticate, and no API key.
func withTokens(t *testing.T) *rig {
	t.Helper()
	r := start(t)
	r.SetAPIKeys()
	r.SetOAuth2Client(simulator.OAuth2Client{ID: clientID, Secret: password, Scopes: []string{"endpoints", "keys"}})
	r.SetManager(organisationID, simulator.Login{Username: username, Password: password})
	r.SetUser(simulator.Login{Username: username, Password: password})
	return r
}

// by returns the rig with another client.
func (r *rig) by(t *testing.T, authenticator cognigy.Authenticator, settings ...setting) *rig {
	t.Helper()
	other := *r
	other.client = newClient(t, r.URL(), append(settings, authenticating(authenticator))...)
	return &other
}

// Every way to authenticate serves for a whole life of a key.
func TestLifeOfAKeyByEachWay(t *testing.T) {
	for why, authenticator := range map[string]cognigy.Authenticator{
		"Basic": cognigy.Basic(sensitive(username), sensitive(password)), "an access token": oauth2(password),
		"an access token with scopes": oauth2(password, "endpoints", "keys"), "a super API key": superAPIKey(organisationID, password, time.Minute),
	} {
		t.Run(why, func(t *testing.T) {
			g := NewWithT(t)
			r := withTokens(t).by(t, authenticator)
			g.Expect(r.client.Probe(t.Context())).To(Succeed())
			made := r.mustCreate(t)
			g.Expect(r.list(t)).To(ConsistOf(made.Key))
			g.Expect(r.client.DeleteKey(t.Context(), r.endpointID, made.ID)).To(Succeed())
			g.Expect(r.list(t)).To(BeEmpty())
			g.Expect(len(r.Tokens())).To(BeNumerically("<=", 1), "all requests share a token")
			expectNoSecret(t, r.client)
			expectNoSecret(t, authenticator)
		})
	}
}

// tokenWays are the ways to authenticate that obtain tokens, with the route that they come from.
var tokenWays = []struct {
	why, route string
	by         func(lifetime time.Duration) cognigy.Authenticator
}{
	{"an access token", simulator.RouteToken, func(time.Duration) cognigy.Authenticator { return oauth2(password) }},
	{"a super API key", simulator.RouteSuperAPIKeys, func(lifetime time.Duration) cognigy.Authenticator {
		return superAPIKey(organisationID, password, lifetime)
	}},
}

func TestMoreWhoNeedATokenShareOne(t *testing.T) {
	for _, way := range tokenWays {
		t.Run(way.why, func(t *testing.T) {
			g := NewWithT(t)
			var accounted atomic.Int32
			r := withTokens(t).by(t, way.by(time.Minute), func(c *cognigy.Config) { c.Account = func() { accounted.Add(1) } })
			r.Inject(simulator.Fault{Route: way.route, Delay: 200 * time.Millisecond})
			var group sync.WaitGroup
			var failed atomic.Int32
			for range 100 {
				group.Go(func() {
					if r.client.Probe(t.Context()) != nil {
						failed.Add(1)
					}
				})
			}
			group.Wait()
			g.Expect(failed.Load()).To(BeZero())
			g.Expect(r.Tokens()).To(HaveLen(1))
			g.Expect(accounted.Load()).To(BeEquivalentTo(1), "the request for the token counts for the rate limit")
		})
	}
}

func TestTokenIsRenewedBeforeItExpires(t *testing.T) {
	for _, way := range tokenWays {
		t.Run(way.why, func(t *testing.T) {
			g := NewWithT(t)
			const lifetime = 3 * time.Second
			r := withTokens(t).by(t, way.by(lifetime))
			r.SetTokenLifetime(lifetime)
			begun := time.Now()
			for time.Since(begun) < 2*lifetime {
				g.Expect(r.client.Probe(t.Context())).To(Succeed())
				<-time.After(50 * time.Millisecond)
			}
			for _, request := range r.Requests() {
				g.Expect(request.Status).To(BeNumerically("<", 300), "no request has an expired token")
			}
			g.Expect(len(r.Tokens())).To(BeNumerically("~", 3, 1))
		})
	}
}

// While the one before works, nothing is wrong.
func TestTokenOutlivesAFailureToRenewIt(t *testing.T) {
	g := NewWithT(t)
	r := withTokens(t).by(t, superAPIKey(organisationID, password, 6*time.Second))
	g.Expect(r.client.Probe(t.Context())).To(Succeed())
	r.SwitchSuperAPIKeys(http.StatusNotFound)
	g.Eventually(func(g Gomega) {
		g.Expect(r.client.Probe(t.Context())).To(Succeed())
		g.Expect(r.Count(http.MethodPost, simulator.RouteSuperAPIKeys)).To(Equal(2))
	}).WithTimeout(patience).WithPolling(100 * time.Millisecond).Should(Succeed())
	g.Expect(r.client.Probe(t.Context())).To(Succeed(), "the next try is later")
	g.Expect(r.Count(http.MethodPost, simulator.RouteSuperAPIKeys)).To(Equal(2))
}

func TestRejectedTokenIsReplacedAndTheRequestRepeated(t *testing.T) {
	for _, way := range tokenWays {
		t.Run(way.why, func(t *testing.T) {
			g := NewWithT(t)
			var accounted atomic.Int32
			r := withTokens(t).by(t, way.by(time.Hour), func(c *cognigy.Config) { c.Account = func() { accounted.Add(1) } })
			made := r.mustCreate(t)
			for again := 1; again <= 2; again++ {
				r.ExpireTokens()
				g.Expect(r.list(t)).To(ConsistOf(made.Key))
				g.Expect(r.Tokens()).To(HaveLen(1 + again))
				g.Expect(accounted.Load()).To(BeEquivalentTo(1+2*again), "the token and the repetition count for the rate limit")
			}
			r.ExpireTokens()
			g.Expect(r.client.DeleteKey(t.Context(), r.endpointID, made.ID)).To(Succeed())
			g.Expect(r.list(t)).To(BeEmpty())
		})
	}
}

// The next POST is another attempt, which its caller decides on.
func TestPOSTIsNotRepeatedAfterItsTokenWasRejected(t *testing.T) {
	for _, way := range tokenWays {
		t.Run(way.why, func(t *testing.T) {
			g := NewWithT(t)
			r := withTokens(t).by(t, way.by(time.Hour))
			g.Expect(r.client.Probe(t.Context())).To(Succeed())
			r.ExpireTokens()
			_, err := r.create(t)
			rejected := failure(t, err)
			g.Expect(rejected.Kind).To(Equal(cognigy.Unauthorized))
			g.Expect(rejected.OutcomeUnknown).To(BeFalse())
			g.Expect(r.posts()).To(Equal(1))
			r.mustCreate(t)
			g.Expect(r.posts()).To(Equal(2))
			g.Expect(r.Tokens()).To(HaveLen(2))
		})
	}
}

// A token that Cognigy rejects from the start must not cost two requests more each time for ever.
func TestRequestIsRepeatedOnce(t *testing.T) {
	g := NewWithT(t)
	r := withTokens(t).by(t, oauth2(password))
	r.Inject(simulator.Fault{Route: simulator.RouteKeys, Kind: simulator.FaultStatus, Status: http.StatusUnauthorized, Code: http.StatusUnauthorized})
	_, err := r.list(t)
	g.Expect(failure(t, err).Kind).To(Equal(cognigy.Unauthorized))
	g.Expect(r.lists()).To(Equal(2))
	g.Expect(r.Tokens()).To(HaveLen(2))
}

func TestNoTokenWithoutPermission(t *testing.T) {
	g := NewWithT(t)
	refusal := errors.New("not yet")
	permitted := true
	r := withTokens(t).by(t, cognigy.SuperAPIKey(cognigy.SuperAPIKeySource{
		OrganisationID: organisationID, Username: sensitive(username), Password: sensitive(password), Lifetime: time.Hour,
		Permit: func(context.Context) error {
			if permitted {
				return nil
			}
			return refusal
		},
	}))
	g.Expect(r.client.Probe(t.Context())).To(Succeed())
	permitted = false
	r.ExpireTokens()
	g.Expect(failure(t, r.client.Probe(t.Context())).Kind).To(Equal(cognigy.Unauthorized), "what Cognigy says tells more")
	_, err := r.create(t)
	unsent := failure(t, err)
	g.Expect(unsent.Kind).To(Equal(cognigy.NoToken))
	g.Expect(unsent.OutcomeUnknown).To(BeFalse())
	g.Expect(unsent.Status).To(BeZero())
	g.Expect(errors.Is(err, refusal)).To(BeTrue())
	g.Expect(r.posts()).To(BeZero())
	g.Expect(r.Tokens()).To(HaveLen(1))
}

// Whoever has a client uses new credentials from the next request on, and what waits for a token of the old ones does not use it.
func TestReplacedCredentialsAreNotUsed(t *testing.T) {
	g := NewWithT(t)
	r := withTokens(t).by(t, oauth2(password))
	r.Inject(simulator.Fault{Route: simulator.RouteToken, Delay: time.Second, Times: 1})
	waiting := make(chan error, 1)
	go func() { waiting <- r.client.Probe(t.Context()) }()
	g.Eventually(func() int { return r.Count(http.MethodPost, simulator.RouteToken) }).WithTimeout(patience).Should(Equal(1))
	g.Expect(r.client.Configure(config(r.URL(), authenticating(cognigy.Basic(sensitive(username), sensitive(password)))))).To(Succeed())
	g.Eventually(waiting).WithTimeout(patience).Should(Receive(BeNil()))
	g.Expect(r.client.Probe(t.Context())).To(Succeed())
	for _, request := range r.Requests() {
		if request.Route != simulator.RouteToken {
			g.Expect(request.Credentials).To(Equal(simulator.Fingerprint("Basic " + encode(username+":"+password))))
		}
	}
}
