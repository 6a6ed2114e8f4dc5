// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

func TestBaseURLAsPeoplePasteIt(t *testing.T) {
	r := start(t)
	// The same installation behind a gateway that serves it below a prefix.
	inFront := http.NewServeMux()
	inFront.Handle("/cognigy/prod/", http.StripPrefix("/cognigy/prod", r.gateway(t)))
	inFront.Handle("/a%20b/", http.StripPrefix("/a b", r.gateway(t)))
	gateway := serve(t, inFront.ServeHTTP)

	cases := []struct{ why, base string }{
		{"a host is what the documentation shows", r.URL()},
		{"the vendor's table lists addresses of the OpenAPI viewer", r.URL() + "/openapi"},
		{"with a slash, too", r.URL() + "/new/openapi/"},
		{"the router is mounted at the root, too", r.URL() + "/v2.0"},
		{"a prefix with the viewer", gateway + "/cognigy/prod/openapi"},
		{"browsers add a slash", r.URL() + "/"},
		{"routes of the documentation start with /new", r.URL() + "/new"},
		{"with a slash, too", r.URL() + "/new/"},
		{"the vendor's client calls this the base URL", r.URL() + "/new/v2.0"},
		{"with a slash, too", r.URL() + "/new/v2.0/"},
		{"concatenated templates end in more than one slash", r.URL() + "/new/v2.0///"},
		{"schemes are case-insensitive", strings.Replace(r.URL(), "http", "HTTP", 1)},
		{"an on-premise installation may live below a prefix", gateway + "/cognigy/prod"},
		{"a prefix with a slash", gateway + "/cognigy/prod/"},
		{"a prefix with the root of the API", gateway + "/cognigy/prod/new/v2.0/"},
		{"a prefix with half of it", gateway + "/cognigy/prod/new"},
		{"a prefix that needs escaping", gateway + "/a%20b/new"},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			client := newClient(t, c.base)
			before := r.lists()
			keys, err := client.ListKeys(t.Context(), r.endpointID, everything)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(keys).To(BeEmpty())
			g.Expect(r.lists()-before).To(Equal(1), "the simulator knows the route")
		})
	}
}

func TestBaseURLThatCannotBeUsed(t *testing.T) {
	const example = "write for example https://api-trial.cognigy.ai"
	cases := []struct {
		why, base, says string
		refuseHTTP      bool
	}{
		{why: "empty, as from an unset value", base: "", says: example},
		{why: "the interface's host", base: "https://app.cognigy.ai", says: "that is https://api-app.cognigy.ai"},
		{why: "another interface's host, with a path", base: "https://Trial.cognigy.ai/login", says: "that is https://api-trial.cognigy.ai"},
		{why: "the host of the Endpoints", base: "https://endpoint-trial.cognigy.ai/new", says: "that is https://api-trial.cognigy.ai"},
		{why: "a host alone", base: "api-trial.cognigy.ai", says: example},
		{why: "a host and a port look like a scheme", base: "localhost:8080", says: example},
		{why: "a scheme is needed", base: "//api-trial.cognigy.ai", says: example},
		{why: "another scheme", base: "ftp://api-trial.cognigy.ai", says: example},
		{why: "a path", base: "/new/v2.0", says: example},
		{why: "a credential that was pasted into the wrong field must not be repeated", base: "canary:abc", says: example},
		{why: "nor one that is no URL at all", base: "canary\x7f", says: example},
		{why: "white space from copying", base: " https://api-trial.cognigy.ai", says: example},
		{why: "a line break from a YAML block", base: "https://api-trial.cognigy.ai\n", says: example},
		{why: "a bad escape", base: "https://api-trial.cognigy.ai/%zz", says: example},
		{why: "no host", base: "https://", says: "names no host; " + example},
		{why: "a port alone would mean this very machine", base: "https://:8443", says: "names no host; " + example},
		{why: "a missing slash", base: "https:api-trial.cognigy.ai", says: "names no host; " + example},
		{why: "a password would be in the resource for all to read", base: "https://me:canary@cognigy.example.com", says: "credentials belong into auth"},
		{why: "a user alone", base: "https://canary@cognigy.example.com", says: "credentials belong into auth"},
		{why: "the query parameter ends up in access logs", base: "https://cognigy.example.com?api_key=canary", says: "credentials belong into auth"},
		{why: "a fragment is never sent", base: "https://cognigy.example.com/#canary", says: "a fragment"},
		{why: "http shows credentials to the network", base: "http://cognigy.example.com", refuseHTTP: true, says: "use https, or set allowInsecureHTTP: true"},
		{why: "upper case does not get around that", base: "HTTP://cognigy.example.com", refuseHTTP: true, says: "use https, or set allowInsecureHTTP: true"},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			wanted := config(c.base)
			wanted.AllowInsecureHTTP = !c.refuseHTTP
			client, err := cognigy.New(wanted)
			g.Expect(client).To(BeNil())
			g.Expect(err).To(MatchError(And(HavePrefix("baseURL "), ContainSubstring(c.says))))
			expectNoSecret(t, err)
		})
	}
}

// https is fine without permission for http, and permission does not turn https into http.
func TestHTTPSNeedsNoPermission(t *testing.T) {
	wanted := config("https://cognigy.example.com")
	wanted.AllowInsecureHTTP = false
	client, err := cognigy.New(wanted)
	g := NewWithT(t)
	g.Expect(err).NotTo(HaveOccurred())
	client.Close()
}
