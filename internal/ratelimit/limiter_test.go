// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// soon is more than rounding errors of times.
const soon = time.Millisecond

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func limited(perSecond, burst int) *ratelimit.Limiter {
	limiter := ratelimit.New()
	limiter.SetLimit("connection", ratelimit.Limit{PerSecond: perSecond, Burst: burst})
	return limiter
}

func request(id int) ratelimit.Request {
	return ratelimit.Request{Waiter: waiter(id), Connection: "connection", EndpointID: endpointOf(id)}
}

func failing(id int) ratelimit.Request {
	failing := request(id)
	failing.Failing = true
	return failing
}

func waiter(i int) types.UID { return types.UID(fmt.Sprintf("uid-%d", i)) }

func endpointOf(i int) string { return fmt.Sprintf("endpoint-%d", i) }

func refused(retryAfter time.Duration) error {
	return &cognigy.Error{Kind: cognigy.RateLimited, RetryAfter: retryAfter}
}

// acquire sends a request that takes no time, if it may be sent.
func acquire(limiter *ratelimit.Limiter, id int, now time.Time) time.Duration {
	wait := limiter.Acquire(request(id), now)
	if wait == 0 {
		limiter.Release(request(id), nil, now)
	}
	return wait
}

// The burst goes at once; every other waiter is told a time of its own, and may send then.
func TestAcquire(t *testing.T) {
	g := NewWithT(t)
	limiter := limited(5, 2)
	for i := range 2 {
		g.Expect(acquire(limiter, i, start)).To(BeZero())
	}
	for i := 2; i < 7; i++ {
		wait := acquire(limiter, i, start)
		g.Expect(wait).To(BeNumerically("~", time.Duration(i-1)*200*time.Millisecond, soon))
	}
	g.Expect(acquire(limiter, 6, start.Add(100*time.Millisecond))).To(BeNumerically("~", 900*time.Millisecond, soon), "coming early changes nothing")
	g.Expect(acquire(limiter, 9, start.Add(100*time.Millisecond))).To(BeNumerically("~", time.Second, soon), "the last to join is the last")
	for i := 2; i < 7; i++ {
		due := start.Add(time.Duration(i-1)*200*time.Millisecond + soon)
		g.Expect(acquire(limiter, i, due)).To(BeZero())
		g.Expect(acquire(limiter, i, due)).NotTo(BeZero(), "one Acquire is one request")
	}
}

// A failing resource lets healthy ones pass, also those that join later.
func TestFailingYields(t *testing.T) {
	g := NewWithT(t)
	limiter := limited(5, 1)
	g.Expect(acquire(limiter, 0, start)).To(BeZero())
	for i := 1; i < 4; i++ {
		g.Expect(limiter.Acquire(failing(i), start)).To(BeNumerically("~", time.Duration(i)*200*time.Millisecond, soon))
	}
	g.Expect(acquire(limiter, 9, start)).To(BeNumerically("~", 200*time.Millisecond, soon))
	g.Expect(limiter.Acquire(failing(1), start)).To(BeNumerically("~", 400*time.Millisecond, soon))
	g.Expect(acquire(limiter, 9, start.Add(200*time.Millisecond+soon))).To(BeZero())
}

// A failing resource is served eventually, although healthy ones take every request.
func TestFailingIsServed(t *testing.T) {
	g := NewWithT(t)
	limiter := limited(1, 1)
	g.Expect(acquire(limiter, 0, start)).To(BeZero())
	served := 0
	for second := 1; served == 0 && second < 120; second++ {
		now := start.Add(time.Duration(second) * time.Second)
		const early = 100 * time.Millisecond
		if told := acquire(limiter, 100+second, now.Add(-early)); told <= early+soon {
			_ = acquire(limiter, 100+second, now)
		}
		if limiter.Acquire(failing(1), now.Add(soon)) == 0 {
			served = second
		}
	}
	g.Expect(served).To(BeNumerically("~", 61, 2), "seconds")
}

// Several requests wait for as many tokens, at most for the burst.
func TestReserve(t *testing.T) {
	g := NewWithT(t)
	limiter := limited(10, 4)
	g.Expect(limiter.Reserve(waiter(1), 2, start)).To(BeZero())
	g.Expect(limiter.Reserve(waiter(2), 2, start)).To(BeZero())
	g.Expect(limiter.Reserve(waiter(3), 99, start)).To(BeNumerically("~", 400*time.Millisecond, soon))
	g.Expect(limiter.Reserve(waiter(3), 99, start.Add(400*time.Millisecond+soon))).To(BeZero())
	g.Expect(limiter.Reserve(waiter(4), 1, start.Add(400*time.Millisecond+soon))).NotTo(BeZero())
}

// Requests beyond the acquired one delay the others.
func TestCharge(t *testing.T) {
	g := NewWithT(t)
	limiter := limited(10, 1)
	g.Expect(limiter.Reserve(waiter(1), 1, start)).To(BeZero())
	limiter.Charge(2)
	g.Expect(limiter.Reserve(waiter(2), 1, start)).To(BeNumerically("~", 300*time.Millisecond, soon))
	g.Expect(limiter.Reserve(waiter(3), 1, start)).To(BeNumerically("~", 400*time.Millisecond, soon))
}

// A long wait is halved, so that a waiter notices a rate that has risen.
func TestLongWaitsAreHalved(t *testing.T) {
	g := NewWithT(t)
	limiter := limited(1, 1)
	for i := range 101 {
		acquire(limiter, i, start)
	}
	g.Expect(acquire(limiter, 100, start)).To(BeNumerically("~", 50*time.Second, soon))
	g.Expect(acquire(limiter, 1, start)).To(BeNumerically("~", time.Second, soon))
}

// A late waiter delays no other, and late waiters do not all send at once.
func TestLateWaiters(t *testing.T) {
	g := NewWithT(t)
	limiter := limited(10, 1)
	for i := range 6 {
		acquire(limiter, i, start)
	}
	late := start.Add(10 * time.Second)
	g.Expect(acquire(limiter, 5, late)).To(BeZero())
	for i := 1; i < 5; i++ {
		g.Expect(acquire(limiter, i, late)).To(BeNumerically("~", time.Duration(i)*100*time.Millisecond, soon))
	}
	g.Expect(acquire(limiter, 9, late.Add(2*time.Minute))).To(BeZero(), "an abandoned place is dropped")
}

// Retry-After holds for the whole host, and the waiters do not all return at the same moment.
func TestRetryAfter(t *testing.T) {
	g := NewWithT(t)
	limiter := limited(1000, 1000)
	limiter.Observe(refused(10*time.Second), start.Add(-time.Second), start)
	limiter.Observe(refused(5*time.Second), start.Add(-time.Second), start)
	g.Expect(limiter.RetryAfter(start.Add(time.Second))).To(Equal(9 * time.Second))
	for i := range 20 {
		wait := acquire(limiter, i, start)
		g.Expect(wait).To(BeNumerically("~", 10*time.Second+time.Duration(i+1)*2*time.Millisecond, soon))
	}
	g.Expect(limiter.RetryAfter(start.Add(10 * time.Second))).To(BeZero())
	g.Expect(acquire(limiter, 0, start.Add(10*time.Second+3*time.Millisecond))).To(BeZero())
	g.Expect(acquire(limiter, 1, start.Add(10*time.Second+3*time.Millisecond))).NotTo(BeZero(), "there is no burst after it")
}

// A 429 without Retry-After has a default; other failures say nothing about the rate.
func TestRetryAfterDefault(t *testing.T) {
	g := NewWithT(t)
	limiter := limited(20, 40)
	for _, outcome := range []error{errors.New("of Kubernetes"), &cognigy.Error{Kind: cognigy.Unavailable}} {
		limiter.Observe(outcome, start, start)
		g.Expect(limiter.RetryAfter(start)).To(BeZero())
	}
	limiter.Observe(refused(0), start, start)
	g.Expect(limiter.RetryAfter(start)).To(Equal(time.Second))
}

// interval returns the time until the next request when the bucket is empty.
func interval(limiter *ratelimit.Limiter, now time.Time) time.Duration {
	return limiter.Reserve("another waiter", 1, now)
}

// A 429 halves the rate, once for all requests that were under way; successes win it back, up to the limit.
func TestRate(t *testing.T) {
	g := NewWithT(t)
	limiter, now := limited(20, 40), start
	cut := func(sent time.Time, want time.Duration) {
		t.Helper()
		limiter.Observe(refused(time.Second), sent, now)
		now = now.Add(time.Second)
		g.Expect(interval(limiter, now)).To(BeNumerically("~", want, soon))
	}
	cut(now, 100*time.Millisecond)
	cut(now.Add(-time.Second), 100*time.Millisecond)
	cut(now, 200*time.Millisecond)
	for range 10 {
		limiter.Observe(refused(time.Second), now, now)
		now = now.Add(time.Second)
	}
	cut(now, time.Second) // a wait of two seconds, halved
	for range 50 {
		limiter.Observe(nil, now, now)
	}
	g.Expect(interval(limiter, now)).To(And(BeNumerically("<", 500*time.Millisecond), BeNumerically(">", 50*time.Millisecond)))
	for range 2000 {
		limiter.Observe(nil, now, now)
	}
	g.Expect(interval(limiter, now)).To(BeNumerically("~", 50*time.Millisecond, soon))
}

// After an outage there is no burst, and half of the rate until successes win it back.
func TestSlowStart(t *testing.T) {
	g := NewWithT(t)
	limiter := limited(10, 10)
	limiter.SlowStart(start)
	g.Expect(acquire(limiter, 0, start.Add(time.Hour))).To(BeZero())
	g.Expect(acquire(limiter, 1, start.Add(time.Hour))).To(BeNumerically("~", 200*time.Millisecond, 2*soon))
}

// An Endpoint takes no more places than it leaves free, so that one that does not answer leaves some to the others. A waiter
// that finds none is told to wait longer each time, and delays no other Endpoint.
func TestConcurrencyLimit(t *testing.T) {
	g := NewWithT(t)
	limiter := limited(1000, 1000)
	endpoints := map[int]string{}
	to := func(id int) ratelimit.Request {
		return ratelimit.Request{Waiter: waiter(id), Connection: "connection", EndpointID: endpoints[id]}
	}
	acquire := func(id int, endpoint string, after time.Duration) time.Duration {
		endpoints[id] = endpoint
		return limiter.Acquire(to(id), start.Add(after))
	}
	for i := range 8 {
		g.Expect(acquire(i, "hangs", 0)).To(BeZero())
	}
	g.Expect(acquire(8, "hangs", 0)).To(Equal(250 * time.Millisecond))
	g.Expect(acquire(9, "hangs", 0)).To(BeNumerically(">", 250*time.Millisecond))
	g.Expect(acquire(8, "hangs", time.Second)).To(Equal(time.Second))
	g.Expect(acquire(8, "hangs", time.Minute)).To(Equal(15 * time.Second))
	for i := 10; i < 14; i++ {
		g.Expect(acquire(i, "hangs too", time.Minute)).To(BeZero())
	}
	g.Expect(acquire(14, "hangs too", time.Minute)).NotTo(BeZero())
	g.Expect(acquire(15, "answers", time.Minute)).To(BeZero())
	limiter.Release(to(0), nil, start.Add(time.Minute))
	limiter.Release(to(1), nil, start.Add(time.Minute))
	g.Expect(acquire(16, "answers", time.Minute)).To(BeZero())
	g.Expect(acquire(8, "hangs", 2*time.Minute)).NotTo(BeZero())
	limiter.Release(to(2), nil, start.Add(2*time.Minute))
	limiter.Release(to(3), nil, start.Add(2*time.Minute))
	g.Expect(acquire(8, "hangs", 2*time.Minute)).To(BeZero())
}

// Connections to one host share its rate, and the largest of their limits applies; each has a concurrency limit of its own.
func TestConnectionsShareAHost(t *testing.T) {
	g := NewWithT(t)
	var hosts ratelimit.Hosts
	limiter := hosts.Limiter("https://cognigy.example/new")
	g.Expect(hosts.Limiter("HTTPS://COGNIGY.example:443")).To(BeIdenticalTo(limiter))
	g.Expect(hosts.Limiter("https://cognigy.example:8443")).NotTo(BeIdenticalTo(limiter))
	limiter.SetLimit("one", ratelimit.Limit{PerSecond: 1, Burst: 1})
	limiter.SetLimit("other", ratelimit.Limit{PerSecond: 10, Burst: 1})
	to := func(id int, connection types.UID) ratelimit.Request {
		return ratelimit.Request{Waiter: waiter(id), Connection: connection, EndpointID: endpointOf(id)}
	}
	g.Expect(limiter.Acquire(to(1, "one"), start)).To(BeZero())
	g.Expect(limiter.Acquire(to(2, "other"), start)).To(BeNumerically("~", 100*time.Millisecond, soon))
	limiter.Forget("other")
	g.Expect(limiter.Acquire(to(2, "other"), start)).To(BeNumerically("~", time.Second, soon))
}

// A change of the limit neither refills the bucket nor forgets that Cognigy refused requests.
func TestLimitIsChanged(t *testing.T) {
	g := NewWithT(t)
	limiter := limited(10, 1)
	g.Expect(acquire(limiter, 1, start)).To(BeZero())
	limiter.SetLimit("connection", ratelimit.Limit{PerSecond: 20, Burst: 5})
	g.Expect(acquire(limiter, 2, start)).To(BeNumerically("~", 50*time.Millisecond, soon))
	limiter.Observe(refused(time.Second), start.Add(soon), start.Add(soon))
	limiter.SetLimit("connection", ratelimit.Limit{PerSecond: 100, Burst: 100})
	g.Expect(interval(limiter, start.Add(time.Second+soon))).To(BeNumerically("~", 100*time.Millisecond, soon))
}

// Callers read the clock before they wait for the limiter's lock, so that their times arrive out of order. A later time of
// another caller is no retry-after window.
func TestTimesOutOfOrder(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	limiter := limited(20, 40)
	g.Expect(limiter.Acquire(request(1), start.Add(time.Microsecond))).To(BeZero())
	g.Expect(limiter.RetryAfter(start)).To(BeZero())
	g.Expect(limiter.Acquire(request(2), start)).To(BeZero())
	limiter.Release(request(1), refused(time.Second), start.Add(2*time.Microsecond))
	g.Expect(limiter.RetryAfter(start)).To(BeNumerically("~", time.Second, soon))
}
