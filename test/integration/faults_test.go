// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// Whatever goes wrong with the POST: the condition says what, no key stays behind, and when the cause goes away the
// resource becomes ready by itself with exactly one key.
func TestIssueFails(t *testing.T) {
	t.Parallel()
	const failed, inProgress = status.FailedStatus, status.InProgressStatus
	cases := map[string]struct {
		fault  simulator.Fault
		reason string // "" where the operator is through with it too soon to be watched
		want   status.Status
		says   string
		made   int // keys that the fault leaves behind, at least
	}{
		"401":                      {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 401, Code: 401}, reason: v1alpha1.ReasonUnauthorized, want: failed, says: "credentials Secret"},
		"403":                      {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 403, Code: 403}, reason: v1alpha1.ReasonForbidden, want: failed, says: "permission"},
		"404 by Cognigy":           {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 404, Code: 1002}, reason: v1alpha1.ReasonEndpointNotFound, want: failed, says: "endpoint.id"},
		"404 by a proxy":           {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 404}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "baseURL"},
		"403 by a proxy":           {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 403}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "in front of it"},
		"400":                      {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 400, Code: 1000}, reason: v1alpha1.ReasonInvalidRequest, want: failed, says: "code 1000"},
		"409":                      {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 409, Code: 1004}, reason: v1alpha1.ReasonConflict, want: inProgress, says: "conflict"},
		"429 without Retry-After":  {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 429, Code: 429}, reason: v1alpha1.ReasonRateLimited, want: inProgress, says: "limits the rate"},
		"429 with Retry-After":     {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 429, Code: 429, RetryAfter: "2"}, reason: v1alpha1.ReasonRateLimited, want: inProgress, says: "limits the rate"},
		"503":                      {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 503, Code: 503}, reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "traceId"},
		"HTML from a proxy":        {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 200, ContentType: "text/html", Body: "<html>login</html>"}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "not the JSON"},
		"a redirect":               {fault: simulator.Fault{Kind: simulator.FaultRedirect, Body: "https://127.0.0.1:1/"}, reason: v1alpha1.ReasonUnexpectedAnswer, want: failed, says: "baseURL"},
		"a reset connection":       {fault: simulator.Fault{Kind: simulator.FaultResetBefore}, reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "verifies whether this request made one"},
		"a lost answer":            {fault: simulator.Fault{Kind: simulator.FaultCommitThenDrop}, reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "verifies whether this request made one", made: 1},
		"500 after the commit":     {fault: simulator.Fault{Kind: simulator.FaultCommitThen500}, reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "verifies whether this request made one", made: 1},
		"truncated JSON":           {fault: simulator.Fault{Kind: simulator.FaultMalformed}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "not the JSON", made: 1},
		"two gigabytes":            {fault: simulator.Fault{Kind: simulator.FaultHuge}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "4 MiB", made: 1},
		"a key without plaintext":  {fault: simulator.Fault{Kind: simulator.FaultOmitKey}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "no usable plaintext", made: 1},
		"a key without a valid id": {fault: simulator.Fault{Kind: simulator.FaultBadID}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "no valid _id", made: 1},
		"a name without marker":    {fault: simulator.Fault{Kind: simulator.FaultRename}, reason: v1alpha1.ReasonKeyNameChanged, want: failed, says: "changes names", made: 1},
		"an answer too late":       {fault: simulator.Fault{Kind: simulator.FaultCommitAfterDelay, Delay: shortRequest + time.Second}, reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "request timeout", made: 1},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			var timeouts []func(*v1alpha1.ConnectionSpec)
			if test.reason != v1alpha1.ReasonKeyNameChanged { // that case counts POSTs, and an answer that is late would cost another
				timeouts = append(timeouts, shortTimeouts)
			}
			e := newEnvironment(t, timeouts...)
			fault := test.fault
			fault.Method, fault.Route = http.MethodPost, simulator.RouteKeys
			e.Cognigy.Inject(fault)
			key := e.Key()
			e.Create(key)
			e.reports(key, test.reason, test.want, test.says)
			e.Expect(e.Secret(key)).To(BeNil(), "the Secret never exists without the key")
			e.Await(func(g Gomega) { g.Expect(len(e.Cognigy.Ledger())).To(BeNumerically(">=", test.made)) })
			e.Cognigy.ClearFaults()
			if test.reason == v1alpha1.ReasonKeyNameChanged { // which is not tried again soon by itself
				e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(1)) })
				e.reports(key, test.reason, test.want)
				e.Change(key, func() { key.Annotations = map[string]string{v1alpha1.RequestedAtAnnotation: "now"} })
			}
			e.AwaitDelivered(key, 1)
			e.Expect(e.Cognigy.Live("")).To(HaveLen(1))
		})
	}
}

// Reading is retried where writing is not, and a LIST that fails does not cost the delivered key. The faults begin after the
// delivery: an attempt whose outcome is unknown rightly waits for a LIST, so that under such a fault it may wait for ever.
func TestListFails(t *testing.T) {
	t.Parallel()
	cases := map[string]simulator.Fault{
		"unavailable":  {Kind: simulator.FaultStatus, Status: 503, Code: 503},
		"rate limited": {Kind: simulator.FaultStatus, Status: 429, Code: 429, RetryAfter: "1"},
		// Taken for an empty list, this would seem to say that every key was revoked.
		"null":           {Kind: simulator.FaultStatus, Status: 200, ContentType: "application/json", Body: "null"},
		"truncated JSON": {Kind: simulator.FaultMalformed},
		"two gigabytes":  {Kind: simulator.FaultHuge, Times: 2},
	}
	for name, fault := range cases {
		t.Run(name, func(t *testing.T) {
			e := newEnvironment(t)
			key := e.issued()
			fault.Method, fault.Route = http.MethodGet, simulator.RouteKeys
			e.Cognigy.Inject(fault)
			before := e.Lists()
			e.Await(func(g Gomega) { g.Expect(e.Lists()).To(BeNumerically(">=", before+2)) })
			e.remainsDelivered(key)
		})
	}
}

// A list that lags behind the POST does not show the key yet, which proves nothing.
func TestLaggingList(t *testing.T) {
	e := newEnvironment(t)
	e.Cognigy.Inject(simulator.Fault{
		Method: http.MethodGet, Route: simulator.RouteKeys, Kind: simulator.FaultLagList, Lag: 4 * time.Second,
	})
	key := e.issued()
	e.Change(key, func() { key.Annotations = map[string]string{v1alpha1.RequestedAtAnnotation: "now"} })
	e.Await(func(g Gomega) { g.Expect(e.Lists()).To(BeNumerically(">", 0)) })
	e.remainsDelivered(key)
}

func (e *environment) remainsDelivered(key *v1alpha1.EndpointAPIKey) {
	e.remains(func(g Gomega) {
		found := e.Read(key)
		g.Expect(fixtures.Kstatus(g, found)).To(Equal(status.CurrentStatus), "%s", fixtures.Conditions(found))
	})
	e.Expect(e.Posts()).To(Equal(1))
}

// One list that does not show the key, although it ought to by its age, proves nothing: one of Cognigy's replicas may be behind.
func TestOneListWithoutTheKey(t *testing.T) {
	e := newEnvironment(t)
	key := e.issued()
	spec := e.ConnectionSpec()
	request, delivery := spec.Timeouts()
	settled := e.Read(key).Status.IssuedAt.Add(request + delivery + listLag)
	e.Await(func(g Gomega) { g.Expect(time.Now()).To(BeTemporally(">", settled.Add(time.Second))) })
	lists := func() int { return e.Lists() }
	before := lists()
	e.Cognigy.Inject(simulator.Fault{
		Method: http.MethodGet, Route: simulator.RouteKeys, Kind: simulator.FaultStatus, Status: 200,
		ContentType: "application/json", Body: "[]", Times: 1,
	})
	e.Await(func(g Gomega) { g.Expect(lists()).To(BeNumerically(">=", before+3)) })
	e.AwaitDelivered(key, 1)
	e.Expect(e.Posts()).To(Equal(1))
}

// The Endpoint is deleted in Cognigy under a delivered key: a person must act, and the Secret stays as it is.
func TestEndpointGone(t *testing.T) {
	e := newEnvironment(t)
	key := e.issued()
	e.Cognigy.RemoveEndpoint(e.Endpoint.ID)
	e.reports(key, v1alpha1.ReasonEndpointNotFound, status.FailedStatus, e.Endpoint.ID)
	e.Expect(e.Secret(key)).NotTo(BeNil())
	e.Expect(e.Posts()).To(Equal(1))
}

// Requests name the operator as user agent, and carry credentials in a header only.
func TestRequests(t *testing.T) {
	e := newEnvironment(t)
	e.Delete(e.issued())
	e.Await(func(g Gomega) { g.Expect(e.Cognigy.Live("")).To(BeEmpty()) })
	for _, request := range e.Cognigy.Requests() {
		e.Expect(request.UserAgent).To(Equal("cognigy-operator/test"))
		e.Expect(request.Accept).To(Equal("application/json"))
		e.Expect(request.APIKeyHeader).To(BeTrue())
		e.Expect(request.APIKeyQuery).To(BeFalse())
	}
}
