// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

const wantedProject = "64f0c0ffee00000000000007"

// The client reads all pages of one project, with names as they are.
func TestListProject(t *testing.T) {
	g := NewWithT(t)
	r := start(t)
	var want []cognigy.Endpoint
	for i := range 101 {
		name := fmt.Sprintf(" Endpoint %d – Übergabe 🔑", i)
		want = append(want, cognigy.Endpoint{ID: r.AddEndpoint(wantedProject, name).ID, Name: name})
	}
	sent := 0
	found, err := r.client.ListProject(t.Context(), wantedProject, func(request func() error) error {
		sent++
		return request()
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(Equal(want))
	g.Expect(sent).To(Equal(2))
}

// A filter could hide the Endpoint that it is to find.
func TestListProjectAsksForTheProjectAlone(t *testing.T) {
	g := NewWithT(t)
	var asked url.Values
	client := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Query()
		_, _ = io.WriteString(w, `{"items":[{"_id":"`+endpointID+`","name":"x"},{"_id":"`+endpointID+`","name":"x"}],"nextCursor":null}`)
	}))
	found, err := client.ListProject(t.Context(), wantedProject, atOnce)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(HaveLen(1), "an Endpoint that moves from one page to the next is one Endpoint")
	g.Expect(asked).To(Equal(url.Values{"projectId": {wantedProject}, "limit": {"100"}}))
}

// An id that is none could lead to a list of everything.
func TestListProjectOfNoID(t *testing.T) {
	g := NewWithT(t)
	r := start(t)
	for _, id := range []string{"", "Support", strings.ToUpper(wantedProject)} {
		_, err := r.client.ListProject(t.Context(), id, atOnce)
		g.Expect(failure(t, err).Kind).To(Equal(cognigy.Invalid))
	}
	g.Expect(r.Requests()).To(BeEmpty())
}

// A server must not fill the memory, and what is left out must not seem to be absent.
func TestListProjectIsBounded(t *testing.T) {
	g := NewWithT(t)
	pages := 0
	client := newClient(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		pages++
		_, _ = fmt.Fprintf(w, `{"items":[{"_id":"%024d","name":"%s"}],"nextCursor":"%d"}`, pages, strings.Repeat("n", 1<<20), pages)
	}))
	_, err := client.ListProject(t.Context(), wantedProject, atOnce)
	g.Expect(failure(t, err).Kind).To(Equal(cognigy.Unexpected))
	g.Expect(err).To(MatchError(ContainSubstring("more Endpoints than the operator keeps in memory")))
	g.Expect(pages).To(Equal(2))
}
