// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

func TestGetEndpoint(t *testing.T) {
	g := NewWithT(t)
	r := start(t)
	added := r.AddEndpoint("64f0c0ffee00000000000001", "CRM \"webhook\"")
	g.Expect(r.client.GetEndpoint(t.Context(), added.ID)).To(Equal(cognigy.Endpoint{ID: added.ID, Name: added.Name, URLToken: added.URLToken}))
	g.Expect(r.Count(http.MethodGet, simulator.RouteEndpoint)).To(Equal(1))
	_, err := r.client.GetEndpoint(t.Context(), absentID)
	g.Expect(cognigy.IsKind(err, cognigy.NotFound)).To(BeTrue(), "%v", err)
	_, err = r.client.GetEndpoint(t.Context(), "../users/me")
	g.Expect(cognigy.IsKind(err, cognigy.Invalid)).To(BeTrue(), "%v", err)
}

// What workloads would read as an address or a name is refused if it cannot be one.
func TestEndpointsThatAreRefused(t *testing.T) {
	for why, body := range map[string]string{
		"no token":                    `{"_id":"` + endpointID + `","name":"a"}`,
		"a token that leads away":     `{"_id":"` + endpointID + `","name":"a","URLToken":"a/../b"}`,
		"a token with a query":        `{"_id":"` + endpointID + `","name":"a","URLToken":"a?b"}`,
		"a token with a line break":   `{"_id":"` + endpointID + `","name":"a","URLToken":"a\nb"}`,
		"a token longer than any URL": `{"_id":"` + endpointID + `","name":"a","URLToken":"` + strings.Repeat("a", 257) + `"}`,
		"a name that is a document":   `{"_id":"` + endpointID + `","name":"` + strings.Repeat("a", 1025) + `","URLToken":"a"}`,
		"a name that is no text":      `{"_id":"` + endpointID + `","name":1,"URLToken":"a"}`,
		"something else":              `<html>`,
		"another Endpoint":            `{"_id":"` + absentID + `","name":"a","URLToken":"a"}`,
	} {
		t.Run(why, func(t *testing.T) {
			g := NewWithT(t)
			_, err := newClient(t, serve(t, answer(200, body))).GetEndpoint(t.Context(), endpointID)
			g.Expect(cognigy.IsKind(err, cognigy.Unexpected)).To(BeTrue(), "%v", err)
		})
	}
}

func TestEndpointBaseURL(t *testing.T) {
	for base, want := range map[string]string{
		"https://api-trial.cognigy.ai":              "https://endpoint-trial.cognigy.ai",
		"https://api-app-us.cognigy.ai/new/openapi": "https://endpoint-app-us.cognigy.ai",
		"https://API-app.cognigy.ai":                "https://endpoint-app.cognigy.ai",
		"http://api-trial.cognigy.ai":               "",
		"https://api-trial.cognigy.ai:8443":         "",
		"https://api-trial.cognigy.ai.example.com":  "",
		"https://api-company.cognigy.cloud":         "",
		"https://cognigy.example.com":               "",
		"nonsense":                                  "",
	} {
		t.Run(base, func(t *testing.T) {
			NewWithT(t).Expect(cognigy.EndpointBaseURL(base)).To(Equal(want))
		})
	}
}
