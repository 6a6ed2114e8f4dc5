// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

func TestLifeOfAKey(t *testing.T) {
	g := NewWithT(t)
	r := start(t)

	g.Expect(r.list(t)).To(BeEmpty(), "an empty list is a list, not a failure")
	g.Expect(r.client.Probe(t.Context())).To(Succeed())

	made, err := r.create(t)
	g.Expect(err).NotTo(HaveOccurred())
	entry := r.Ledger()[0]
	g.Expect(made.Key).To(Equal(cognigy.Key{
		ID: entry.ID, Name: keyName, Preview: entry.Preview,
	}))
	g.Expect(r.Works(r.endpointID, made.Plaintext.Reveal())).To(BeTrue(), "the plaintext is what callers authenticate with")

	g.Expect(r.list(t)).To(ConsistOf(made.Key), "a list shows what the answer to POST showed, without the plaintext")

	g.Expect(r.client.DeleteKey(t.Context(), r.endpointID, made.ID)).To(Succeed())
	g.Expect(r.Live("")).To(BeEmpty())
	g.Expect(r.Ledger()[0].RevokedBy).To(Equal(simulator.RevokedByAPI))
	g.Expect(r.client.DeleteKey(t.Context(), r.endpointID, made.ID)).To(Succeed(), "a key that Cognigy does not know counts as revoked")
	g.Expect(r.Ledger()).To(HaveLen(1))
}

// Cognigy's users may rename keys, and a mask is what a preview consists of: neither may be altered on the way.
func TestNamesAndPreviewsAreKeptAsTheyAre(t *testing.T) {
	g := NewWithT(t)
	body := `[{"_id":"` + endpointID + `","name":" Schlüssel\t\"1\" ","keyPreview":"8a4f••••••••7c2e","createdAt":2147483647,"new":{}}]`
	keys, err := newClient(t, serve(t, answer(200, body))).ListKeys(t.Context(), endpointID, everything)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(keys).To(ConsistOf(cognigy.Key{
		ID: endpointID, Name: " Schlüssel\t\"1\" ", Preview: "8a4f••••••••7c2e",
	}))
}

func TestRequestsAreWhatCognigyDocuments(t *testing.T) {
	g := NewWithT(t)
	r := start(t)
	made := r.mustCreate(t)
	_, err := r.list(t)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.client.Probe(t.Context())).To(Succeed())
	g.Expect(r.client.DeleteKey(t.Context(), r.endpointID, made.ID)).To(Succeed())

	requests := r.Requests()
	g.Expect(requests).To(HaveLen(4))
	for _, request := range requests {
		g.Expect(request.UserAgent).To(Equal(userAgent))
		g.Expect(request.Accept).To(Equal("application/json"), "XML and CSV are on offer")
		g.Expect(request.APIKeyHeader).To(BeTrue())
		g.Expect(request.APIKeyQuery).To(BeFalse(), "queries end up in access logs")
	}
}

func TestHeadersAndBodiesOnTheWire(t *testing.T) {
	type request struct {
		method, uri, body string
		header            http.Header
	}
	var (
		mu   sync.Mutex
		seen []request
	)
	client := newClient(t, serve(t, func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, request{q.Method, q.RequestURI, string(body), q.Header})
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "affinity"})
		if q.Method == http.MethodPost {
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprintf(w, `{"_id":%q,"key":"abc"}`, endpointID)
			return
		}
		_, _ = io.WriteString(w, `[]`)
	}))
	g := NewWithT(t)
	_, err := client.ListKeys(t.Context(), endpointID, everything)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = client.CreateKey(t.Context(), endpointID, `a "b" <c>`)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(client.DeleteKey(t.Context(), endpointID, absentID)).To(Succeed())

	keys := "/new/v2.0/endpoints/" + endpointID + "/apikeys"
	g.Expect(seen).To(HaveLen(3))
	g.Expect(seen[0].method + " " + seen[0].uri).To(Equal("GET " + keys))
	g.Expect(seen[1].method + " " + seen[1].uri).To(Equal("POST " + keys))
	g.Expect(seen[2].method + " " + seen[2].uri).To(Equal("DELETE " + keys + "/" + absentID))
	var posted map[string]string
	g.Expect(json.Unmarshal([]byte(seen[1].body), &posted)).To(Succeed())
	g.Expect(posted).To(Equal(map[string]string{"name": `a "b" <c>`}))
	g.Expect(seen[1].header.Get("Content-Type")).To(Equal("application/json"))
	for _, request := range seen {
		g.Expect(request.header.Values("X-API-Key")).To(Equal([]string{credential}))
		g.Expect(request.header).NotTo(HaveKey("Authorization"))
		g.Expect(request.header).NotTo(HaveKey("Cookie"), "a session would act for a user of its own")
		g.Expect(request.header).NotTo(HaveKey("Referer"))
	}
}

// A path is made of ids. Whatever else gets in there, by a mistake elsewhere, may lead to another route: DELETE on ".."
// would be one on the Endpoint's keys, or on the Endpoint.
func TestNothingButIDsGetsIntoAPath(t *testing.T) {
	r := start(t)
	for _, id := range []string{
		"", ".", "..", "../..", "a/b", "%2e%2e", "?", "#", "NOT-AN-ID",
		absentID + "/", absentID + "\n", absentID + "?x", absentID[1:], absentID + "0", "ABCDEFABCDEFABCDEFABCDEF",
	} {
		t.Run(id, func(t *testing.T) {
			g := NewWithT(t)
			_, err := r.client.CreateKey(t.Context(), id, keyName)
			created := failure(t, err)
			g.Expect(created.Kind).To(Equal(cognigy.Invalid))
			g.Expect(created.OutcomeUnknown).To(BeFalse())
			_, err = r.client.ListKeys(t.Context(), id, everything)
			g.Expect(failure(t, err).Kind).To(Equal(cognigy.Invalid))
			g.Expect(failure(t, r.client.DeleteKey(t.Context(), id, absentID)).Kind).To(Equal(cognigy.Invalid))
			deleted := failure(t, r.client.DeleteKey(t.Context(), r.endpointID, id))
			g.Expect(deleted.Kind).To(Equal(cognigy.Invalid))
			g.Expect(deleted).To(MatchError(ContainSubstring("24 lower-case letters and digits")))
		})
	}
	NewWithT(t).Expect(r.Requests()).To(BeEmpty())
}

func TestOneClientManyCallers(t *testing.T) {
	g := NewWithT(t)
	r := start(t)
	const callers, rounds = 8, 10
	problems := make(chan error, callers*rounds*3)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range rounds {
				made, err := r.client.CreateKey(t.Context(), r.endpointID, keyName)
				problems <- err
				if err != nil {
					return
				}
				_, err = r.client.ListKeys(t.Context(), r.endpointID, everything)
				problems <- err
				problems <- r.client.DeleteKey(t.Context(), r.endpointID, made.ID)
			}
		})
	}
	all.Wait()
	close(problems)
	for err := range problems {
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(r.Ledger()).To(HaveLen(callers * rounds))
	g.Expect(r.Live("")).To(BeEmpty())
	g.Expect(r.posts()).To(Equal(callers * rounds))
}
