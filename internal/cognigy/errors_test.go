// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

func TestKindOfAFailure(t *testing.T) {
	const known, unknown = false, true
	cases := []struct {
		why          string
		status, code int
		kind         cognigy.Kind
		outcome      bool // of a POST
	}{
		{"a revoked API key", 401, 401, cognigy.Unauthorized, known},
		{"a proxy wants a login of its own: the API key may be fine", 401, 0, cognigy.Unexpected, unknown},
		{"the license is used up", 402, 402, cognigy.Forbidden, known},
		{"a role that is missing", 403, 403, cognigy.Forbidden, known},
		{"a firewall says forbidden as well", 403, 0, cognigy.Unexpected, unknown},
		{"the Endpoint is gone", 404, 1002, cognigy.NotFound, known},
		{"a proxy's bare 404 must never count as a revocation", 404, 0, cognigy.Unexpected, unknown},
		{"a gateway's JSON with a code of its own must not either", 404, 404, cognigy.Unexpected, known},
		{"the documented example has this code", 404, 1000, cognigy.NotFound, known},
		{"not-found codes count with their status only", 400, 1002, cognigy.Invalid, known},
		{"an argument is missing", 400, 1000, cognigy.Invalid, known},
		{"a name is refused", 400, 1005, cognigy.Invalid, known},
		{"the general code", 400, 400, cognigy.Invalid, known},
		{"a proxy finds a header too long", 400, 0, cognigy.Unexpected, unknown},
		{"the route is unknown to this version", 405, 1013, cognigy.Unexpected, known},
		{"somebody gave up waiting for the request, or for what it started", 408, 408, cognigy.Unavailable, unknown},
		{"so did a proxy", 408, 0, cognigy.Unavailable, unknown},
		{"names may have to be unique", 409, 1004, cognigy.Conflict, known},
		{"the status tells as well", 409, 409, cognigy.Conflict, known},
		{"the code tells as well", 400, 1004, cognigy.Conflict, known},
		{"a proxy's conflict is not Cognigy's word", 409, 0, cognigy.Unexpected, unknown},
		{"too large a body", 413, 413, cognigy.Invalid, known},
		{"too large for a proxy", 413, 0, cognigy.Unexpected, unknown},
		{"a status that Cognigy never documents", 418, 1005, cognigy.Invalid, known},
		{"too many requests", 429, 429, cognigy.RateLimited, known},
		{"too many for a proxy, which did not pass it on", 429, 0, cognigy.RateLimited, known},
		{"an internal error may come after the effect", 500, 1008, cognigy.Unavailable, unknown},
		{"a proxy's internal error", 500, 0, cognigy.Unavailable, unknown},
		{"not found by a server that fails is not Cognigy's word", 500, 1002, cognigy.Unavailable, unknown},
		{"not implemented", 501, 1009, cognigy.Unavailable, unknown},
		{"a proxy lost the connection after it had passed the request on", 502, 0, cognigy.Unavailable, unknown},
		{"Cognigy's own", 502, 502, cognigy.Unavailable, unknown},
		{"a restart", 503, 0, cognigy.Unavailable, unknown},
		{"Cognigy's own", 503, 503, cognigy.Unavailable, unknown},
		{"a proxy gave up waiting", 504, 0, cognigy.Unavailable, unknown},
		{"Cognigy's own timeout", 504, 8001, cognigy.Unavailable, unknown},
		{"a status that nobody knows", 599, 0, cognigy.Unavailable, unknown},
		{"a timeout leaves the outcome open whatever the status", 400, 8001, cognigy.Unavailable, unknown},
		{"a failed write to the database", 400, 1001, cognigy.Unavailable, unknown},
		{"a failed read, perhaps after the write", 404, 1003, cognigy.Unavailable, unknown},
		{"an internal error under the name of a refusal", 422, 1008, cognigy.Unavailable, unknown},
		{"a database", 409, 2000, cognigy.Unavailable, unknown},
		{"the other database", 400, 2001, cognigy.Unavailable, unknown},
		{"not modified, though nothing was asked", 304, 0, cognigy.Redirected, unknown},
	}
	r := start(t)
	for _, c := range cases {
		t.Run(fmt.Sprintf("%d with code %d: %s", c.status, c.code, c.why), func(t *testing.T) {
			g := NewWithT(t)
			r.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: c.status, Code: c.code, Times: 1})
			before := r.posts()
			_, err := r.create(t)
			failed := failure(t, err)
			g.Expect(failed.Kind).To(Equal(c.kind))
			g.Expect(failed.OutcomeUnknown).To(Equal(c.outcome), "OutcomeUnknown")
			g.Expect(failed.Status).To(Equal(c.status))
			g.Expect(failed.Code).To(Equal(c.code))
			g.Expect(failed.Method + " " + failed.Route).To(Equal("POST /endpoints/{endpointId}/apikeys"))
			g.Expect(cognigy.IsKind(fmt.Errorf("wrapped: %w", err), c.kind)).To(BeTrue())
			g.Expect(err.Error()).To(And(ContainSubstring("POST /endpoints/{endpointId}/apikeys"), ContainSubstring(fmt.Sprint(c.status))))
			g.Expect(err.Error()).NotTo(ContainSubstring(r.endpointID), "metrics and messages name the route, not the path")
			if c.code != 0 {
				g.Expect(err.Error()).To(And(ContainSubstring("code %d", c.code), ContainSubstring("traceId "+failed.TraceID)))
				g.Expect(failed.TraceID).NotTo(BeEmpty())
			}
			g.Expect(r.posts() - before).To(Equal(1))
		})
	}
	NewWithT(t).Expect(r.Ledger()).To(BeEmpty())
}

func TestRefusalsOfARealServer(t *testing.T) {
	r := start(t)
	rejected := newClient(t, r.URL(), withAPIKey(canary+"-wrong"))
	cases := []struct {
		why  string
		call func(t *testing.T) error
		kind cognigy.Kind
	}{
		{"the credential was revoked", func(t *testing.T) error {
			_, err := rejected.CreateKey(t.Context(), r.endpointID, keyName)
			return err
		}, cognigy.Unauthorized},
		{"a probe is for just that", func(t *testing.T) error { return rejected.Probe(t.Context()) }, cognigy.Unauthorized},
		{"there is no such Endpoint to make a key of", func(t *testing.T) error {
			_, err := r.client.CreateKey(t.Context(), absentID, keyName)
			return err
		}, cognigy.NotFound},
		{"nor to list the keys of", func(t *testing.T) error {
			_, err := r.client.ListKeys(t.Context(), absentID, everything)
			return err
		}, cognigy.NotFound},
		{"Cognigy has rules for names", func(t *testing.T) error {
			_, err := r.client.CreateKey(t.Context(), r.endpointID, "Schlüssel")
			return err
		}, cognigy.Invalid},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			failed := failure(t, c.call(t))
			NewWithT(t).Expect(failed.Kind).To(Equal(c.kind))
			NewWithT(t).Expect(failed.OutcomeUnknown).To(BeFalse())
		})
	}
	NewWithT(t).Expect(r.Ledger()).To(BeEmpty())
}

func TestRetryAfter(t *testing.T) {
	in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	cases := []struct {
		why, header string
		least, most time.Duration
	}{
		{"seconds", "7", 7 * time.Second, 7 * time.Second},
		{"white space around it", " 7 ", 7 * time.Second, 7 * time.Second},
		{"an HTTP date", in(30 * time.Minute), 29 * time.Minute, 30 * time.Minute},
		{"the old form of a date", time.Now().Add(30 * time.Minute).UTC().Format(time.RFC850), 29 * time.Minute, 30 * time.Minute},
		{"no header", "", 0, 0},
		{"at once", "0", 0, 0},
		{"time does not run backwards", "-5", 0, 0},
		{"a date that is over", in(-time.Hour), 0, 0},
		{"what nobody understands", "soon", 0, 0},
		{"a fraction is not allowed", "1.5", 0, 0},
		{"one wrong header must not stop all work for years", "99999999", time.Hour, time.Hour},
		{"nor overflow", "9223372036854775807", time.Hour, time.Hour},
		{"nor overflow downwards", "-9223372036854775808", 0, 0},
		{"nor must a date", in(100 * 365 * 24 * time.Hour), time.Hour, time.Hour},
	}
	r := start(t)
	for _, c := range cases {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			t.Run(fmt.Sprintf("%d, %s", status, c.why), func(t *testing.T) {
				r.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: status, Code: status, RetryAfter: c.header, Times: 1})
				_, err := r.create(t)
				NewWithT(t).Expect(failure(t, err).RetryAfter).To(And(BeNumerically(">=", c.least), BeNumerically("<=", c.most)))
			})
		}
	}
}

// What a status condition quotes is bounded and printable whatever the server says.
func TestTitleAndTraceIDAreBounded(t *testing.T) {
	long := strings.Repeat("ä", 100_000)
	cases := []struct{ why, title, traceID, wantTitle, wantTraceID string }{
		{"as documented", "Not Found", "0af7-651", "Not Found", "0af7-651"},
		{"absurd length", long, long, strings.Repeat("ä", 100), strings.Repeat("ä", 100)},
		{"line breaks forge log lines", "a\r\nb", "c\nd", "ab", "cd"},
		{"escapes control terminals", "\x1b[31mred\x1b[0m", "\x00\x07\x7f1", "[31mred[0m", "1"},
		{"bidirectional marks and zero-width characters deceive readers", "\u202Egnp\u200B", "\u2066x\uFEFF", "gnp", "x"},
		{"nothing at all", "", "", "", ""},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			body, err := json.Marshal(map[string]any{
				"title": c.title, "traceId": c.traceID, "code": 1005, "status": 400,
				"type": canary, "detail": canary, "instance": canary, "details": map[string]string{"a": canary}, "key": canary,
			})
			g.Expect(err).NotTo(HaveOccurred())
			_, err = newClient(t, serve(t, answer(400, string(body)))).CreateKey(t.Context(), endpointID, keyName)
			failed := failure(t, err)
			g.Expect(failed.Title).To(Equal(c.wantTitle))
			g.Expect(failed.TraceID).To(Equal(c.wantTraceID))
		})
	}
}

// A body that is not Cognigy's problem tells nothing: neither a title nor a code out of it.
func TestBodiesThatAreNoProblemOfCognigys(t *testing.T) {
	cases := []struct{ why, body string }{
		{"HTML of a proxy", `<html><title>canary</title></html>`},
		{"nothing", ``},
		{"text", `canary`},
		{"null", `null`},
		{"a list", `[{"code":1002,"title":"canary","status":404,"traceId":"canary"}]`},
		{"a text", `"canary"`},
		{"cut off", `{"code":1002,"title":"canary","traceId":"can`},
		{"a second document behind it", `{"code":1002,"title":"canary","status":404,"traceId":"canary"}{}`},
		{"a web application firewall's", `{"code":1002,"title":"canary"}`},
		{"without a traceId", `{"code":1002,"title":"canary","status":404}`},
		{"with an empty traceId", `{"code":1002,"title":"canary","status":404,"traceId":""}`},
		{"of another status", `{"code":1002,"title":"canary","status":403,"traceId":"canary"}`},
		{"a kube-apiserver's", `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"canary","reason":"NotFound","code":404}`},
		{"a code that is a text and no integer", `{"code":"canary","title":"canary","status":404,"traceId":"canary"}`},
		{"a code that is half a text", `{"code":"\"1002","title":"canary","status":404,"traceId":"canary"}`},
		{"a code that is no integer", `{"code":1002.5,"title":"canary","status":404,"traceId":"canary"}`},
		{"a code beyond all integers", `{"code":1e99,"title":"canary","status":404,"traceId":"canary"}`},
		{"a title that is none", `{"code":1002,"title":["canary"],"status":404,"traceId":"canary"}`},
		{"no code", `{"title":"canary","traceId":"canary","status":404}`},
		{"code 0", `{"code":0,"title":"canary","status":404,"traceId":"canary"}`},
		{"code null", `{"code":null,"title":"canary","status":404,"traceId":"canary"}`},
		{"nested beyond reason", strings.Repeat(`{"code":`, 20_000)},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			client := newClient(t, serve(t, answer(404, c.body)))
			failed := failure(t, client.DeleteKey(t.Context(), endpointID, absentID))
			g.Expect(failed.Kind).To(Equal(cognigy.Unexpected), "a key is not revoked because of it")
			g.Expect(failed.Code).To(BeZero())
			g.Expect(failed.Title + failed.TraceID).To(BeEmpty())
			g.Expect(failed).To(MatchError(ContainSubstring("something in front of it answered")))
		})
	}
}

// The documentation shows codes as strings, and 404 with another code than the vendor's code sends.
func TestErrorsAsDocumented(t *testing.T) {
	for why, body := range map[string]string{
		"a code that is a string":     `{"code":"1002","title":"Not Found","status":404,"traceId":"api--1"}`,
		"a status that is one":        `{"code":1002,"title":"Not Found","status":"404","traceId":"api--1"}`,
		"the code of the example":     `{"type":"about:blank","title":"Not Found","status":404,"detail":"x","instance":"/v2.0/x","traceId":"api--1","code":"1000","details":{}}`,
		"a number, as the code sends": `{"code":1002,"title":"Not Found","status":404,"traceId":"api--1"}`,
	} {
		t.Run(why, func(t *testing.T) {
			client := newClient(t, serve(t, answer(404, body)))
			_, err := client.ListKeys(t.Context(), absentID, everything)
			failed := failure(t, err)
			NewWithT(t).Expect(failed).To(HaveField("TraceID", "api--1"))
			NewWithT(t).Expect(failed.Kind).To(Equal(cognigy.NotFound))
		})
	}
}

func TestErrorsThatAreNotOurs(t *testing.T) {
	g := NewWithT(t)
	for _, err := range []error{nil, errors.New("other")} {
		if failed := cognigy.AsError(err); failed != nil {
			t.Errorf("%v is not ours", err)
		}
	}
	g.Expect(cognigy.IsKind(nil, cognigy.NotFound)).To(BeFalse())
	g.Expect(cognigy.IsKind(errors.New("other"), "")).To(BeFalse())
}
