// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// Whatever goes wrong with the POST: the condition says what, no key stays behind, and when the cause goes away the
// resource becomes ready by itself with exactly one key.
func TestIssueFails(t *testing.T) {
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
		"429 without Retry-After":  {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 429, Code: 429}, reason: v1alpha1.ReasonRateLimited, want: inProgress, says: "slow down"},
		"429 with Retry-After":     {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 429, Code: 429, RetryAfter: "2"}, reason: v1alpha1.ReasonRateLimited, want: inProgress, says: "slow down"},
		"503":                      {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 503, Code: 503}, reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "traceId"},
		"HTML from a proxy":        {fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 200, ContentType: "text/html", Body: "<html>login</html>"}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "not the JSON"},
		"a redirect":               {fault: simulator.Fault{Kind: simulator.FaultRedirect, Body: "https://127.0.0.1:1/"}, reason: v1alpha1.ReasonUnexpectedAnswer, want: failed, says: "baseURL"},
		"a reset connection":       {fault: simulator.Fault{Kind: simulator.FaultResetBefore}, reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "will be verified"},
		"a lost answer":            {fault: simulator.Fault{Kind: simulator.FaultCommitThenDrop}, reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "will be verified", made: 1},
		"500 after the commit":     {fault: simulator.Fault{Kind: simulator.FaultCommitThen500}, reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "will be verified", made: 1},
		"truncated JSON":           {fault: simulator.Fault{Kind: simulator.FaultMalformed}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "not the JSON", made: 1},
		"two gigabytes":            {fault: simulator.Fault{Kind: simulator.FaultHuge}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "4 MiB", made: 1},
		"a key without plaintext":  {fault: simulator.Fault{Kind: simulator.FaultOmitKey}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "no usable plaintext", made: 1},
		"a key without a valid id": {fault: simulator.Fault{Kind: simulator.FaultBadID}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "no valid _id", made: 1},
		"a name without marker":    {fault: simulator.Fault{Kind: simulator.FaultRename}, reason: v1alpha1.ReasonMarkerLost, want: failed, says: "changes names", made: 1},
		"an answer too late":       {fault: simulator.Fault{Kind: simulator.FaultCommitAfterDelay, Delay: requestTimeout + time.Second}, reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "request timeout", made: 1},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			fault := test.fault
			fault.Method, fault.Route = http.MethodPost, simulator.RouteKeys
			w.cognigy.Inject(fault)
			key := w.key()
			w.create(key)
			w.Expect(w.reports(key, test.reason, test.want)).To(ContainSubstring(test.says))
			w.Expect(w.secret(key)).To(BeNil(), "the Secret never exists without the key")
			w.eventually(func(g Gomega) { g.Expect(len(w.cognigy.Ledger())).To(BeNumerically(">=", test.made)) })
			w.cognigy.ClearFaults()
			if test.reason == v1alpha1.ReasonMarkerLost { // which is not tried again soon by itself
				w.remains(func(g Gomega) { g.Expect(w.posts()).To(Equal(1)) })
				w.reports(key, test.reason, test.want)
				w.change(key, func() { key.Annotations = map[string]string{v1alpha1.RequestedAtAnnotation: "now"} })
			}
			w.settles(key, 1)
			w.Expect(w.cognigy.Live("")).To(HaveLen(1))
		})
	}
}

// Reading is retried where writing is not, and neither a failed look nor a lagging list costs the delivered key.
func TestListFails(t *testing.T) {
	cases := map[string]simulator.Fault{
		"unavailable":  {Kind: simulator.FaultStatus, Status: 503, Code: 503},
		"rate limited": {Kind: simulator.FaultStatus, Status: 429, Code: 429, RetryAfter: "1"},
		// Taken for an empty list, this would seem to say that every key was revoked.
		"null":           {Kind: simulator.FaultStatus, Status: 200, ContentType: "application/json", Body: "null"},
		"truncated JSON": {Kind: simulator.FaultMalformed},
		"two gigabytes":  {Kind: simulator.FaultHuge, Times: 2},
		"a lagging list": {Kind: simulator.FaultLagList, Lag: 4 * time.Second},
	}
	for name, fault := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			fault.Method, fault.Route = http.MethodGet, simulator.RouteKeys
			w.cognigy.Inject(fault)
			key := w.issued()
			w.remains(func(g Gomega) {
				found := w.read(key)
				g.Expect(kstatus(g, found)).To(Equal(status.CurrentStatus), "%s", conditionsOf(found))
			})
			w.Expect(w.cognigy.Count(http.MethodGet, simulator.RouteKeys)).To(BeNumerically(">", 0))
			w.Expect(w.posts()).To(Equal(1))
		})
	}
}

// One list that does not show the key, although it ought to by its age, proves nothing: one of Cognigy's replicas may be behind.
func TestOneListWithoutTheKey(t *testing.T) {
	w := newWorld(t)
	key := w.issued()
	settled := w.read(key).Status.IssuedAt.Add(requestTimeout + listLag)
	w.eventually(func(g Gomega) { g.Expect(time.Now()).To(BeTemporally(">", settled.Add(time.Second))) })
	lists := func() int { return w.cognigy.Count(http.MethodGet, simulator.RouteKeys) }
	before := lists()
	w.cognigy.Inject(simulator.Fault{
		Method: http.MethodGet, Route: simulator.RouteKeys, Kind: simulator.FaultStatus, Status: 200,
		ContentType: "application/json", Body: "[]", Times: 1,
	})
	w.eventually(func(g Gomega) { g.Expect(lists()).To(BeNumerically(">=", before+3)) })
	w.settles(key, 1)
	w.Expect(w.posts()).To(Equal(1))
}

// The Endpoint is deleted in Cognigy under a delivered key: a person must act, and the Secret stays as it is.
func TestEndpointGone(t *testing.T) {
	w := newWorld(t)
	key := w.issued()
	w.cognigy.RemoveEndpoint(w.endpoint.ID)
	w.Expect(w.reports(key, v1alpha1.ReasonEndpointNotFound, status.FailedStatus)).To(ContainSubstring(w.endpoint.ID))
	w.Expect(w.secret(key)).NotTo(BeNil())
	w.Expect(w.posts()).To(Equal(1))
}

// Requests say who is asking, and carry credentials in a header only.
func TestRequests(t *testing.T) {
	w := newWorld(t)
	w.delete(w.issued())
	w.eventually(func(g Gomega) { g.Expect(w.cognigy.Live("")).To(BeEmpty()) })
	for _, request := range w.cognigy.Requests() {
		w.Expect(request.UserAgent).To(Equal("cognigy-operator/test"))
		w.Expect(request.Accept).To(Equal("application/json"))
		w.Expect(request.APIKeyHeader).To(BeTrue())
		w.Expect(request.APIKeyQuery).To(BeFalse())
	}
}
