// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"net/http"
	"testing"
)

// call calls the rig's Endpoint as a workload does.
func (r *rig) call(header ...string) int {
	r.t.Helper()
	return r.do(http.MethodPost, "/"+r.endpoint.URLToken, `{"text":"hi"}`, header...).status
}

func TestCallers(t *testing.T) {
	r := start(t, Options{})
	call := func(key string) int { return r.call(HeaderEndpointKey, key) }
	elsewhere := r.AddEndpoint(projectID, "another")
	_, foreign := r.AddKey(elsewhere.ID, "foreign")
	first, second := r.create(), r.create()

	equal(t, "without a key", r.call(), http.StatusUnauthorized)
	equal(t, "with another Endpoint's key", call(foreign), http.StatusUnauthorized)
	equal(t, "with the API credential", call(r.APIKey()), http.StatusUnauthorized)
	equal(t, "with the first key", call(first.Key), http.StatusOK)
	equal(t, "with the second key", call(second.Key), http.StatusOK)
	r.remove(first.ID)
	equal(t, "with a revoked key", call(first.Key), http.StatusUnauthorized)
	equal(t, "with the key that is left", call(second.Key), http.StatusOK)
	r.RemoveEndpoint(r.endpoint.ID)
	equal(t, "of an Endpoint that is gone", call(second.Key), http.StatusNotFound)
}

func TestHeadersOfCallers(t *testing.T) {
	const webhook, rest, unified = "X-Webhook-Key", "x-rest-endpoint-key", "x-cognigy-endpoint-key"
	const in, out = http.StatusOK, http.StatusUnauthorized
	for _, tt := range []struct {
		channel string
		release int
		// The statuses of calls with one header each, and of one whose unified header alone is wrong.
		webhook, rest, unified, unifiedWrong int
	}{
		{ChannelWebhook, 0, in, out, in, out},
		{ChannelREST, 0, out, in, in, out},
		{ChannelWebhook, 16, in, out, in, out},
		{ChannelWebhook, 15, in, out, out, in},
		{ChannelREST, 15, out, in, out, in},
	} {
		r := start(t, Options{Release: tt.release})
		r.EditEndpoint(r.endpoint.ID, func(e *Endpoint) { e.Channel = tt.channel })
		key := r.create().Key
		equal(t, tt.channel+" with "+webhook, r.call(webhook, key), tt.webhook)
		equal(t, tt.channel+" with "+rest, r.call(rest, key), tt.rest)
		equal(t, tt.channel+" with "+unified, r.call(unified, key), tt.unified)
		equal(t, tt.channel+" with two that differ", r.call(webhook, key, rest, key, unified, "wrong"), tt.unifiedWrong)
	}
}

// The keys of an Endpoint protect nothing before its Authentication Method is API Key.
func TestEndpointWithoutAuthentication(t *testing.T) {
	r := start(t, Options{})
	key := r.create().Key
	r.EditEndpoint(r.endpoint.ID, func(e *Endpoint) { e.Authentication = AuthenticationNone })
	equal(t, "without a key", r.call(), http.StatusOK)
	equal(t, "with a wrong key", r.call(HeaderEndpointKey, "wrong"), http.StatusOK)
	equal(t, "the key", r.Works(r.endpoint.ID, key), true)
	r.EditEndpoint(r.endpoint.ID, func(e *Endpoint) { e.Authentication = AuthenticationAPIKey })
	equal(t, "without a key, protected", r.call(), http.StatusUnauthorized)
	r.EditEndpoint(absentID, func(*Endpoint) { t.Error("there is no such Endpoint") })
}

func TestReleasesWithoutKeys(t *testing.T) {
	for _, tt := range []struct {
		channel string
		release int
		status  int
	}{
		{ChannelWebhook, 12, http.StatusNotFound},
		{ChannelWebhook, 13, http.StatusCreated},
		{ChannelREST, 13, http.StatusNotFound},
		{ChannelREST, 14, http.StatusCreated},
	} {
		r := start(t, Options{Release: tt.release})
		r.EditEndpoint(r.endpoint.ID, func(e *Endpoint) { e.Channel = tt.channel })
		equal(t, "POST", r.post("a key").status, tt.status)
		equal(t, "the Endpoint", r.do(http.MethodGet, RouteEndpoints+"/"+r.endpoint.ID, "").status, http.StatusOK)
		known := tt.status == http.StatusCreated
		equal(t, "knows LIST", r.do(http.MethodGet, r.keys(), "").status == http.StatusOK, known)
		equal(t, "made a key", len(r.Ledger()) == 1, known)
	}
}
