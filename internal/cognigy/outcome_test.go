// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// If an error says that a POST made no key although it did, nothing ever looks for that key.
func TestOutcomeOfPOSTAgainstTheLedger(t *testing.T) {
	const short = time.Second
	cases := []struct {
		why     string
		fault   simulator.Fault
		timeout time.Duration
		made    int
		kind    cognigy.Kind // "" if the call succeeds
	}{
		{why: "nothing goes wrong", fault: simulator.Fault{}, made: 1},
		{why: "the server keeps another name, which is for the caller to see", fault: simulator.Fault{Kind: simulator.FaultRename}, made: 1},
		{why: "a key was made, and the answer lost", fault: simulator.Fault{Kind: simulator.FaultCommitThenDrop}, made: 1, kind: cognigy.Unavailable},
		{why: "a key was made, and then something failed", fault: simulator.Fault{Kind: simulator.FaultCommitThen500}, made: 1, kind: cognigy.Unavailable},
		{why: "a key is made when nobody waits any more", fault: simulator.Fault{Kind: simulator.FaultCommitAfterDelay, Delay: 2 * short}, timeout: short, made: 1, kind: cognigy.Unavailable},
		{why: "the answer is cut off", fault: simulator.Fault{Kind: simulator.FaultMalformed}, made: 1, kind: cognigy.Unexpected},
		{why: "the answer has no end", fault: simulator.Fault{Kind: simulator.FaultHuge}, made: 1, kind: cognigy.Unexpected},
		{why: "the answer lacks the key", fault: simulator.Fault{Kind: simulator.FaultOmitKey}, made: 1, kind: cognigy.Unexpected},
		{why: "the answer has an id that would lead elsewhere", fault: simulator.Fault{Kind: simulator.FaultBadID}, made: 1, kind: cognigy.Unexpected},
		{why: "from here, a reset looks like a lost answer", fault: simulator.Fault{Kind: simulator.FaultResetBefore}, kind: cognigy.Unavailable},
		{why: "so does a timeout", fault: simulator.Fault{Delay: time.Hour}, timeout: short, kind: cognigy.Unavailable},
		{why: "a redirect may come after the effect", fault: simulator.Fault{Kind: simulator.FaultRedirect, Body: "https://canary.example.com"}, kind: cognigy.Redirected},
		{why: "a portal says that all is well", fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 200, Body: "canary"}, kind: cognigy.Unexpected},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			r := start(t)
			if c.timeout != 0 {
				r.client = newClient(t, r.URL(), timeout(c.timeout))
			}
			r.Inject(c.fault)
			made, err := r.create(t)
			if c.kind == "" {
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(made.ID).To(Equal(r.Ledger()[0].ID))
				g.Expect(made.Name).To(Equal(r.Ledger()[0].Name))
			} else {
				failed := failure(t, err)
				g.Expect(failed.Kind).To(Equal(c.kind))
				g.Expect(failed.OutcomeUnknown).To(BeTrue())
				g.Expect(made).To(BeNil(), "half a key is none")
			}
			g.Eventually(r.Ledger).WithTimeout(patience).Should(HaveLen(c.made))
			g.Expect(r.posts()).To(Equal(1), "a POST is sent once")
		})
	}
}

// Where nothing can have been sent, there is nothing to look for, and the caller need not ask.
func TestOutcomeIsKnownIfNothingWasSent(t *testing.T) {
	r := startWith(t, simulator.Options{TLS: true})
	foreign := startWith(t, simulator.Options{TLS: true})
	public := httptest.NewTLSServer(answer(200, canary))
	t.Cleanup(public.Close)
	plain := serve(t, answer(200, canary))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()

	cases := []struct {
		why, base string
		settings  []setting
		ctx       context.Context
		says      string
	}{
		{why: "nobody listens", base: "http://" + closedPort(t), says: "connection refused"},
		{why: "the name does not exist", base: "http://cognigy.invalid", settings: []setting{timeout(5 * time.Second)}, says: "check baseURL"},
		{why: "the certificate is of another authority", base: r.URL(), settings: []setting{trusting(foreign.CABundle())}, says: "caBundle"},
		{why: "the certificate is of no authority that the system knows", base: r.URL(), settings: []setting{trusting(nil)}, says: "caBundle"},
		{why: "the certificate is for another host", base: strings.Replace(public.URL, "127.0.0.1", "localhost", 1), settings: []setting{trusting(certificateOf(public))}, says: "not localhost"},
		{why: "the server speaks http", base: strings.Replace(plain, "http", "https", 1), says: "speaks http, not https"},
		{why: "the caller has given up before", base: r.URL(), settings: []setting{trusting(r.CABundle())}, ctx: cancelled, says: "cancelled"},
		{why: "the credential does not fit into a header", base: r.URL(), settings: []setting{trusting(r.CABundle()), withAPIKey("canary\r\nX-Injected: 1")}, says: ""},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			ctx := t.Context()
			if c.ctx != nil {
				ctx = c.ctx
			}
			_, err := newClient(t, c.base, c.settings...).CreateKey(ctx, r.endpointID, keyName)
			failed := failure(t, err)
			g.Expect(failed.Kind).To(Equal(cognigy.Unavailable))
			g.Expect(failed.OutcomeUnknown).To(BeFalse())
			g.Expect(failed).To(MatchError(Or(ContainSubstring(c.says), ContainSubstring("no answer within"))))
		})
	}
	NewWithT(t).Expect(r.Requests()).To(BeEmpty())
	NewWithT(t).Expect(foreign.Requests()).To(BeEmpty())
}

func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	NewWithT(t).Expect(listener.Close()).To(Succeed())
	return listener.Addr().String()
}

func TestAnswersToPOSTThatHoldNoUsableKey(t *testing.T) {
	const id = `"_id":"` + endpointID + `"`
	cases := []struct{ why, body string }{
		{"no body", ``},
		{"null", `null`},
		{"an empty object", `{}`},
		{"a list", `[{` + id + `,"key":"canary"}]`},
		{"HTML", `<html>canary</html>`},
		{"cut off behind the key", `{"key":"canary",` + id},
		{"more behind it", `{"key":"canary",` + id + `} canary`},
		{"no id", `{"key":"canary"}`},
		{"an id that would lead elsewhere", `{"key":"canary","_id":"../../canary"}`},
		{"an id in upper case", `{"key":"canary","_id":"64F0C0FFEE0123456789ABCD"}`},
		{"an id that is none", `{"key":"canary","_id":1}`},
		{"an id with a line break behind it", `{"key":"canary","_id":"` + endpointID + `\n"}`},
		{"no key", `{` + id + `}`},
		{"an empty key", `{` + id + `,"key":""}`},
		{"a key that is none", `{` + id + `,"key":["canary"]}`},
		{"no header can hold a line break", `{` + id + `,"key":"canary\ncanary"}`},
		{"nor any other control character", `{` + id + `,"key":"canary\u0000"}`},
		{"white space around a key gets lost in a header", `{` + id + `,"key":" canary "}`},
		{"letters beyond ASCII arrive as something else", `{` + id + `,"key":"canäry"}`},
		{"bytes that are no text would be replaced unnoticed", `{` + id + `,"key":"canary` + "\xff" + `"}`},
		{"an error with the wrong status", `{"code":1002,"title":"canary"}`},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			for _, status := range []int{http.StatusOK, http.StatusCreated} {
				made, err := newClient(t, serve(t, answer(status, c.body))).CreateKey(t.Context(), endpointID, keyName)
				failed := failure(t, err)
				g.Expect(failed.Kind).To(Equal(cognigy.Unexpected))
				g.Expect(failed.OutcomeUnknown).To(BeTrue())
				g.Expect(made).To(BeNil())
			}
		})
	}
}

// A list that is not understood must not be taken for one without keys: every key would seem revoked.
func TestAnswersToLISTThatAreNoList(t *testing.T) {
	const good = `{"_id":"` + endpointID + `","name":"canary"}`
	cases := []struct{ why, body string }{
		{"no body", ``},
		{"null decodes into an empty list", `null`},
		{"an object", `{}`},
		{"a page as other routes have it", `{"items":[],"total":0}`},
		{"an error with the wrong status", `{"code":1002,"title":"canary"}`},
		{"HTML of a portal", `<html>canary</html>`},
		{"a list that is cut off", `[` + good + `,`},
		{"a list with something behind it", `[]canary`},
		{"an id in upper case", `[` + good + `,{"_id":"64F0C0FFEE0123456789ABCD"}]`},
		{"an id that would lead elsewhere", `[` + good + `,{"_id":"../../canary"}]`},
		{"an entry without an id", `[` + good + `,{"name":"canary"}]`},
		{"an entry that is null", `[` + good + `,null]`},
		{"an entry that is none", `[` + good + `,1]`},
		{"a list of lists", `[[` + good + `]]`},
		{"a name that is none", `[{"_id":"` + endpointID + `","name":{"canary":1}}]`},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			keys, err := newClient(t, serve(t, answer(200, c.body))).ListKeys(t.Context(), endpointID, everything)
			g.Expect(failure(t, err).Kind).To(Equal(cognigy.Unexpected))
			g.Expect(err.Error()).To(ContainSubstring(fmt.Sprint(200)))
			g.Expect(keys).To(BeNil())
		})
	}
}
