// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/utils/clock"
	testingclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// With deletionPolicy Retain, Cognigy keeps a resource from its release for a minute. That minute may end during a request, after which
// the operator waits for minutes if nothing else is due.
func TestRetainEndsDuringARequest(t *testing.T) {
	deleted := time.Now()
	undelivered := &plan.Listing{At: deleted, Keys: []plan.Key{{ID: "key", Name: "My key marker"}}}
	unavailable := &condition.Failure{Reason: v1alpha1.ReasonUnavailable}
	for name, c := range map[string]struct {
		failure error
		listing *plan.Listing
		asks    plan.Action
	}{
		"a list":                             {failure: unavailable, asks: plan.List},
		"a list in the queue":                {failure: ratelimit.ErrQueued, asks: plan.List},
		"a revocation":                       {failure: unavailable, listing: undelivered, asks: plan.Revoke},
		"a revocation that no list confirms": {listing: undelivered, asks: plan.Revoke},
		"the connection fails":               {failure: &condition.Failure{Reason: v1alpha1.ReasonConnectionNotReady}, asks: plan.List},
	} {
		t.Run(name, func(t *testing.T) {
			g, clock, request := NewWithT(t), testingclock.NewFakePassiveClock(deleted), ctrl.Request{}
			r, s := retaining(clock, deleted)
			s.observed.Listing, s.observed.Fresh = c.listing, c.listing != nil
			for range 10 {
				r.confirmations.When(request)
			}
			// What ends before that waits for it.
			next := r.plan(s)
			g.Expect(next.Do).To(Equal(c.asks))
			clock.SetTime(deleted.Add(50 * time.Second))
			result, err := r.result(request, s, next, c.failure)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(result.RequeueAfter).To(Equal(10 * time.Second))
			// What ends later has waited for it.
			clock.SetTime(deleted.Add(61 * time.Second))
			result, err = r.result(request, s, next, c.failure)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(result.RequeueAfter).To(Equal(kube.ConflictInterval))
			g.Expect(r.plan(s).Do).To(Equal(plan.Retain))
			// What fails then is Kubernetes' answer, for which the operator waits.
			result, err = r.result(request, s, r.plan(s), unavailable)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(result.RequeueAfter).To(BeNumerically(">=", longestRetry))
		})
	}
}

// Before that minute, the operator waits until a list can show the key of an attempt, and that may be over during a request, too.
func TestRetainGoesOnAfterTheLatestAttempt(t *testing.T) {
	g, clock, request := NewWithT(t), testingclock.NewFakePassiveClock(time.Now()), ctrl.Request{}
	attempt := clock.Now()
	deleted := attempt.Add(6 * time.Second)
	r, s := retaining(clock, deleted)
	s.observed.Intent = attempt
	s.timing = plan.Timing{RequestTimeout: 10 * time.Second, DeliveryTimeout: 10 * time.Second, ListLag: 5 * time.Second}
	shown := deleted.Add(25 * time.Second)

	clock.SetTime(shown.Add(-time.Second))
	next := r.plan(s)
	g.Expect(next.Do).To(Equal(plan.List))
	g.Expect(next.RequeueAt).To(Equal(shown))
	clock.SetTime(shown.Add(time.Second))
	result, err := r.result(request, s, next, &condition.Failure{Reason: v1alpha1.ReasonConnectionNotReady})
	g.Expect(err).NotTo(HaveOccurred())
	// The attempt has ended 25 seconds after its beginning, and the minute begins then.
	g.Expect(result.RequeueAfter).To(Equal(attempt.Add(85 * time.Second).Sub(clock.Now())))
}

// retaining is a reconciler that waits for long after a failure, and a resource with deletionPolicy Retain that is being deleted.
func retaining(clock clock.PassiveClock, deleted time.Time) (*Reconciler, *scope) {
	r := &Reconciler{Clock: clock, confirmations: kube.Backoff(confirmInterval, longestRetry), failures: kube.Backoff(longestRetry, longestRetry)}
	s := newScope(&v1alpha1.EndpointAPIKey{})
	s.observed = plan.Observed{
		Retain: true, DeletingSince: deleted, HasFinalizer: true, EndpointID: "endpoint", Markers: []string{"marker"},
		Secret: plan.Secret{State: plan.SecretAbsent},
	}
	return r, s
}
