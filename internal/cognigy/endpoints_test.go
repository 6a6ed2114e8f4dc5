// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

func atOnce(request func() error) error { return request() }

// The client reads all pages, and passes each request to send.
func TestListEndpoints(t *testing.T) {
	for count, pages := range map[int]int{1: 1, 100: 1, 101: 2, 250: 3} {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			g := NewWithT(t)
			r := start(t)
			want := []string{r.endpointID}
			for i := range count - 1 {
				want = append(want, r.AddEndpoint(fmt.Sprintf("project %d", i%3), fmt.Sprintf("Endpoint %d", i)).ID)
			}
			slices.Sort(want)
			sent := 0
			ids, err := r.client.ListEndpoints(t.Context(), func(request func() error) error {
				g.Expect(r.Count(http.MethodGet, simulator.RouteEndpoints)).To(Equal(sent))
				sent++
				return request()
			})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(ids).To(Equal(want))
			g.Expect(sent).To(Equal(pages))
		})
	}
}

func TestListEndpointsThatMayNotBeSent(t *testing.T) {
	g := NewWithT(t)
	r := start(t)
	never := errors.New("never")
	_, err := r.client.ListEndpoints(t.Context(), func(func() error) error { return never })
	g.Expect(err).To(MatchError(never))
	g.Expect(r.Requests()).To(BeEmpty())
}

// pagesOf answers with one body after the other, and with the last one from then on.
func pagesOf(bodies ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, bodies[0])
		bodies = bodies[min(1, len(bodies)-1):]
	}
}

// A list that is not Cognigy's would have the wrong keys looked at, or none; one without end would be read for ever.
func TestListsOfEndpointsThatAreRefused(t *testing.T) {
	item := func(id string) string { return `{"_id":"` + id + `"}` }
	page := func(next string) string { return `{"items":[` + item(endpointID) + `],"nextCursor":"` + next + `"}` }
	for why, body := range map[string]http.HandlerFunc{
		"no list":                      answer(200, `{"total":0}`),
		"null":                         answer(200, `{"items":null}`),
		"something else":               answer(200, `<html>`),
		"an id that leads elsewhere":   answer(200, `{"items":[`+item("../../users/me/apikeys/1")+`]}`),
		"an id of its own kind":        answer(200, `{"items":[{"_id":1}]}`),
		"no id":                        answer(200, `{"items":[{}]}`),
		"null among the Endpoints":     answer(200, `{"items":[null]}`),
		"more than was asked for":      answer(200, `{"items":[`+item(endpointID)+strings.Repeat(","+item(endpointID), 100)+`]}`),
		"a cursor that is no text":     answer(200, `{"items":[],"nextCursor":1}`),
		"a cursor longer than any URL": answer(200, page(strings.Repeat("c", 4097))),
		"a page that leads to itself":  pagesOf(page("a")),
		"pages in a circle":            pagesOf(page("a"), page("b"), page("a")),
		"a second page that is none":   pagesOf(page("a"), `{}`),
		"pages without end": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, page(r.URL.Query().Get("next")+"c"))
		},
	} {
		t.Run(why, func(t *testing.T) {
			g := NewWithT(t)
			ids, err := newClient(t, serve(t, body)).ListEndpoints(t.Context(), atOnce)
			g.Expect(failure(t, err).Kind).To(Equal(cognigy.Unexpected))
			g.Expect(ids).To(BeNil())
		})
	}
}

// An Endpoint that moves from one page to the next is one Endpoint; an empty page is not the last one.
func TestPagesOfEndpoints(t *testing.T) {
	g := NewWithT(t)
	other := strings.Repeat("a", 24)
	var asked []string
	next := pagesOf(
		`{"items":[{"_id":"`+endpointID+`","name":"x"}],"total":9,"nextCursor":"a+/=&limit=1","previousCursor":null}`,
		`{"items":[],"nextCursor":"b"}`,
		`{"items":[{"_id":"`+other+`"},{"_id":"`+endpointID+`"}],"nextCursor":null}`,
	)
	client := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query().Get("next")+" "+r.URL.Query().Get("limit"))
		next(w, r)
	}))
	ids, err := client.ListEndpoints(t.Context(), atOnce)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(ids).To(Equal([]string{endpointID, other}))
	g.Expect(asked).To(Equal([]string{" 100", "a+/=&limit=1 100", "b 100"}))
}

// What Cognigy refuses is for the caller to tell from what fails.
func TestListEndpointsRefused(t *testing.T) {
	for status, kind := range map[int]cognigy.Kind{403: cognigy.Forbidden, 401: cognigy.Unauthorized, 429: cognigy.RateLimited} {
		r := start(t)
		r.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: status, Code: status})
		_, err := r.client.ListEndpoints(t.Context(), atOnce)
		NewWithT(t).Expect(failure(t, err).Kind).To(Equal(kind))
	}
}
