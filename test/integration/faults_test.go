// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"net/http"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// issueFailure is a fault of Cognigy at a POST, and what is reported of it.
type issueFailure struct {
	fault  simulator.Fault
	reason string // "" where the operator is through with it too soon to be watched
	want   status.Status
	says   string
	made   int // keys that the fault leaves behind, at least
}

var _ = Describe("A Cognigy that fails", Label("issue"), func() {
	const failed, inProgress = status.FailedStatus, status.InProgressStatus
	DescribeTable("reports what is wrong with a POST, keeps no key that was not delivered, and goes on:", func(test issueFailure) {
		var timeouts []func(*v1alpha1.ConnectionSpec)
		if test.reason != v1alpha1.ReasonKeyNameChanged { // that case counts POSTs, and an answer that is late would cost another
			timeouts = append(timeouts, shortTimeouts)
		}
		e := newEnvironment(timeouts...)
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
	},
		Entry("401", issueFailure{fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 401, Code: 401}, reason: v1alpha1.ReasonUnauthorized, want: failed, says: "credentials Secret"}),
		Entry("403", issueFailure{fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 403, Code: 403}, reason: v1alpha1.ReasonForbidden, want: failed, says: "permission"}),
		Entry("404 by Cognigy", issueFailure{fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 404, Code: 1002}, reason: v1alpha1.ReasonEndpointNotFound, want: failed, says: "endpoint.id"}),
		Entry("404 by a proxy", issueFailure{fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 404}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "baseURL"}),
		Entry("403 by a proxy", issueFailure{fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 403}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "in front of it"}),
		Entry("400", issueFailure{fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 400, Code: 1000}, reason: v1alpha1.ReasonInvalidRequest, want: failed, says: "code 1000"}),
		Entry("409", issueFailure{fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 409, Code: 1004}, reason: v1alpha1.ReasonConflict, want: inProgress, says: "conflict"}),
		Entry("429 without Retry-After", issueFailure{fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 429, Code: 429}, reason: v1alpha1.ReasonRateLimited, want: inProgress, says: "limits the rate"}),
		Entry("429 with Retry-After", issueFailure{fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 429, Code: 429, RetryAfter: "2"}, reason: v1alpha1.ReasonRateLimited, want: inProgress, says: "limits the rate"}),
		Entry("503", issueFailure{fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 503, Code: 503}, reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "traceId"}),
		Entry("HTML from a proxy", issueFailure{fault: simulator.Fault{Kind: simulator.FaultStatus, Status: 200, ContentType: "text/html", Body: "<html>login</html>"}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "not the JSON"}),
		Entry("a redirect", issueFailure{fault: simulator.Fault{Kind: simulator.FaultRedirect, Body: "https://127.0.0.1:1/"}, reason: v1alpha1.ReasonUnexpectedAnswer, want: failed, says: "baseURL"}),
		Entry("a reset connection", issueFailure{fault: simulator.Fault{Kind: simulator.FaultResetBefore}, reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "verifies whether this request made one"}),
		Entry("a lost answer", issueFailure{fault: simulator.Fault{Kind: simulator.FaultCommitThenDrop}, reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "verifies whether this request made one", made: 1}),
		Entry("500 after the commit", issueFailure{fault: simulator.Fault{Kind: simulator.FaultCommitThen500}, reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "verifies whether this request made one", made: 1}),
		Entry("truncated JSON", issueFailure{fault: simulator.Fault{Kind: simulator.FaultMalformed}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "not the JSON", made: 1}),
		Entry("two gigabytes", issueFailure{fault: simulator.Fault{Kind: simulator.FaultHuge}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "4 MiB", made: 1}),
		Entry("a key without plaintext", issueFailure{fault: simulator.Fault{Kind: simulator.FaultOmitKey}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "no usable plaintext", made: 1}),
		Entry("a key without a valid id", issueFailure{fault: simulator.Fault{Kind: simulator.FaultBadID}, reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "no valid _id", made: 1}),
		Entry("a name without marker", issueFailure{fault: simulator.Fault{Kind: simulator.FaultRename}, reason: v1alpha1.ReasonKeyNameChanged, want: failed, says: "changes names", made: 1}),
		Entry("an answer too late", issueFailure{fault: simulator.Fault{Kind: simulator.FaultCommitAfterDelay, Delay: shortRequest + time.Second}, reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "no complete answer", made: 1}),
	)

	// The faults begin after the delivery: an attempt whose outcome is unknown rightly waits for a LIST, so that under such a fault it may wait for ever.
	DescribeTable("loses no delivered key by a LIST that is", func(fault simulator.Fault) {
		e := newEnvironment()
		key := e.issued()
		fault.Method, fault.Route = http.MethodGet, simulator.RouteKeys
		e.Cognigy.Inject(fault)
		before := e.Lists()
		e.Await(func(g Gomega) { g.Expect(e.Lists()).To(BeNumerically(">=", before+2)) })
		e.remainsDelivered(key)
	},
		Entry("unavailable", simulator.Fault{Kind: simulator.FaultStatus, Status: 503, Code: 503}),
		Entry("rate limited", simulator.Fault{Kind: simulator.FaultStatus, Status: 429, Code: 429, RetryAfter: "1"}),
		// Taken for an empty list, this would seem to say that every key was revoked.
		Entry("null", simulator.Fault{Kind: simulator.FaultStatus, Status: 200, ContentType: "application/json", Body: "null"}),
		Entry("truncated JSON", simulator.Fault{Kind: simulator.FaultMalformed}),
		Entry("two gigabytes", simulator.Fault{Kind: simulator.FaultHuge, Times: 2}),
	)

	It("is told apart from one that does not know the Endpoint if it is older than API keys, and may be updated", func() {
		e := newEnvironment()
		e.Cognigy.Inject(simulator.Fault{Route: simulator.RouteKeys, Kind: simulator.FaultStatus, Status: 404, Code: 1002})
		key := e.Key()
		e.Create(key)
		e.reports(key, v1alpha1.ReasonKeysNotSupported, failed, "2026.13")
		e.Cognigy.ClearFaults()
		e.AwaitDelivered(key, 1)
	})

	It("proves nothing by a list that is behind", func() {
		e := newEnvironment()
		e.Cognigy.Inject(simulator.Fault{
			Method: http.MethodGet, Route: simulator.RouteKeys, Kind: simulator.FaultLagList, Lag: listLag * 3 / 4,
		})
		key := e.issued()
		e.Change(key, func() { key.Annotations = map[string]string{v1alpha1.RequestedAtAnnotation: "now"} })
		e.Await(func(g Gomega) { g.Expect(e.Lists()).To(BeNumerically(">", 0)) })
		e.remainsDelivered(key)
	})

	// The list ought to show the key by its age, but one of Cognigy's replicas may be behind.
	It("proves nothing by one list without the key", func() {
		e := newEnvironment()
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
	})

	DescribeTable("takes no Secret away when it loses the Endpoint, and deletions end, with codes that are", func(cognigy simulator.Options) {
		e := newEnvironmentWith(cognigy)
		key := e.issued()
		e.Cognigy.RemoveEndpoint(e.Endpoint.ID)
		e.reports(key, v1alpha1.ReasonEndpointNotFound, status.FailedStatus, e.Endpoint.ID)
		e.Expect(e.Secret(key)).NotTo(BeNil())
		e.Expect(e.Posts()).To(Equal(1))
		e.Delete(key)
		e.AwaitGone(key)
	},
		Entry("numbers, as the vendor's code sends them", simulator.Options{TLS: true}),
		Entry("strings, as the documentation shows them", simulator.Options{TLS: true, StringCodes: true}),
	)

	It("is told who asks, with the credentials in a header only", func() {
		e := newEnvironment()
		e.Delete(e.issued())
		e.Await(func(g Gomega) { g.Expect(e.Cognigy.Live("")).To(BeEmpty()) })
		for _, request := range e.Cognigy.Requests() {
			e.Expect(request.UserAgent).To(Equal("cognigy-operator/test"))
			e.Expect(request.Accept).To(Equal("application/json"))
			e.Expect(request.APIKeyHeader).To(BeTrue())
			e.Expect(request.APIKeyQuery).To(BeFalse())
		}
	})
})

func (e *environment) remainsDelivered(key *v1alpha1.EndpointAPIKey) {
	e.remains(func(g Gomega) {
		found := e.Read(key)
		g.Expect(fixtures.Kstatus(g, found)).To(Equal(status.CurrentStatus), "%s", fixtures.Conditions(found))
	})
	e.Expect(e.Posts()).To(Equal(1))
}
