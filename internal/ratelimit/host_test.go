// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

const address = "https://cognigy.test"

// environment is a host with a limit, in synthetic time, and what was woken.
type environment struct {
	*ratelimit.Host
	*WithT
	hosts *ratelimit.Hosts
	began time.Time
	mu    sync.Mutex
	woken []string
}

// in runs a test in a bubble of synthetic time.
func in(t *testing.T, perSecond, burst int, test func(*environment)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		hosts := ratelimit.NewHosts(map[string]ratelimit.Limit{ratelimit.AnyHost: {PerSecond: perSecond, Burst: burst}})
		test(&environment{Host: hosts.Host(address, "c"), WithT: NewWithT(t), hosts: hosts, began: time.Now()})
	})
}

// request is one of a resource on an Endpoint of its own.
func (e *environment) request(namespace string, id int) ratelimit.Request {
	waiter := fmt.Sprintf("%s/%d", namespace, id)
	return ratelimit.Request{
		Waiter: waiter, Namespace: namespace, Connection: types.UID(namespace), EndpointID: fmt.Sprintf("endpoint-%d", id),
		Wake: func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.woken = append(e.woken, waiter)
		},
	}
}

// wakes returns who was woken since the last call.
func (e *environment) wakes() []string {
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	woken := e.woken
	e.woken = nil
	return woken
}

// after lets time pass since the test began.
func (e *environment) after(elapsed time.Duration) {
	time.Sleep(time.Until(e.began.Add(elapsed)))
	synctest.Wait()
}

// send sends a request that is answered at once, if it has a turn.
func (e *environment) send(r ratelimit.Request) bool {
	taken := e.Take(r)
	if taken {
		e.Release(r.Waiter, nil)
	}
	return taken
}

func refused(retryAfter time.Duration) error {
	return &cognigy.Error{Kind: cognigy.RateLimited, RetryAfter: retryAfter}
}

// refuse sends a request that is refused.
func (e *environment) refuse(retryAfter time.Duration) {
	r := e.request("refused", 0)
	e.Expect(e.Await(context.Background(), r)).To(Succeed())
	time.Sleep(time.Millisecond)
	e.Release(r.Waiter, refused(retryAfter))
}

// About half of the burst goes at once, the other half is for other namespaces. Those who wait are woken one after the other.
func TestTake(t *testing.T) {
	in(t, 5, 4, func(e *environment) {
		for id := range 3 {
			e.Expect(e.send(e.request("a", id))).To(BeTrue())
		}
		for id := 3; id < 6; id++ {
			e.Expect(e.Take(e.request("a", id))).To(BeFalse())
		}
		e.Expect(e.Take(e.request("a", 4))).To(BeFalse(), "asking again changes nothing")
		e.Expect(e.wakes()).To(BeEmpty())
		e.after(time.Second)
		e.Expect(e.wakes()).To(Equal([]string{"a/3", "a/4", "a/5"}), "in the order in which they came")
		e.Expect(e.send(e.request("a", 3))).To(BeTrue())
		e.Expect(e.send(e.request("a", 3))).To(BeFalse(), "a turn is good for one request")
	})
}

// A turn that nobody takes goes to the next.
func TestTurnExpires(t *testing.T) {
	in(t, 1, 1, func(e *environment) {
		e.Expect(e.send(e.request("a", 0))).To(BeTrue())
		for id := 1; id < 3; id++ {
			e.Expect(e.Take(e.request("a", id))).To(BeFalse())
		}
		e.after(10 * time.Second)
		e.Expect(e.wakes()).To(Equal([]string{"a/1"}))
		e.after(12 * time.Second)
		e.Expect(e.wakes()).To(Equal([]string{"a/2"}))
		e.Expect(e.Take(e.request("a", 1))).To(BeFalse())
	})
}

func TestLeave(t *testing.T) {
	in(t, 1, 1, func(e *environment) {
		e.Expect(e.Join(e.request("a", 0))).To(BeTrue())
		for id := 1; id < 4; id++ {
			e.Expect(e.Join(e.request("a", id))).To(BeFalse())
		}
		e.hosts.Leave("a/1")
		e.Expect(e.wakes()).To(BeEmpty())
		e.hosts.Leave("a/0")
		e.Expect(e.wakes()).To(Equal([]string{"a/2"}), "the turn goes to the next that still waits, with its token")
		e.Expect(e.Take(e.request("a", 2))).To(BeTrue())
		e.hosts.Leave("a/2")
		e.Expect(e.send(e.request("b", 0))).To(BeFalse(), "who is under way cannot leave")
	})
}

func TestAwait(t *testing.T) {
	in(t, 1, 1, func(e *environment) {
		e.Expect(e.Await(context.Background(), e.request("a", 0))).To(Succeed())
		e.Expect(e.Await(context.Background(), e.request("a", 1))).To(Succeed())
		e.Expect(time.Since(e.began)).To(BeNumerically("~", time.Second, time.Millisecond))
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		e.Expect(e.Await(ctx, e.request("a", 2))).To(MatchError(context.DeadlineExceeded))
	})
}

// A namespace that asked for little has its turn at once, however many of another wait.
func TestNamespacesTakeTurns(t *testing.T) {
	in(t, 2, 20, func(e *environment) {
		for id := range 100 {
			e.send(e.request("a", id))
		}
		for id := range 5 {
			e.Expect(e.send(e.request("b", id))).To(BeTrue())
		}
		for id := 5; id < 100; id++ {
			e.send(e.request("b", id))
			e.send(e.request("c", id))
		}
		e.wakes()
		count := map[byte]int{}
		for range 300 { // each that is woken sends its request
			time.Sleep(100 * time.Millisecond)
			for _, waiter := range e.wakes() {
				count[waiter[0]]++
				e.send(ratelimit.Request{
					Waiter: waiter, Namespace: waiter[:1], Connection: types.UID(waiter[:1]), EndpointID: "endpoint-" + waiter[2:],
				})
			}
		}
		e.Expect(count['a'] + count['b'] + count['c']).To(BeNumerically("~", 60, 3))
		e.Expect(count['b']).To(BeNumerically("~", 20, 3))
		e.Expect(count['c']).To(BeNumerically("~", 20, 4))
	})
}

// Routine requests use half of the budget, come after urgent ones, and are served all the same.
func TestRoutine(t *testing.T) {
	in(t, 10, 10, func(e *environment) {
		served := map[bool]int{}
		var mu sync.Mutex
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Second)
		defer cancel()
		send := func(id int, isRoutine bool) {
			r := e.request("a", id)
			r.Routine = isRoutine
			for e.Await(ctx, r) == nil {
				e.Release(r.Waiter, nil)
				mu.Lock()
				served[isRoutine]++
				mu.Unlock()
			}
		}
		var all sync.WaitGroup
		for id := range 10 {
			all.Go(func() { send(id, true) })
		}
		e.after(40 * time.Second)
		mu.Lock()
		e.Expect(served[true]).To(BeNumerically("~", 200, 10), "half of the budget, although nobody else wants it")
		clear(served)
		mu.Unlock()
		for id := 10; id < 20; id++ {
			all.Go(func() { send(id, false) })
		}
		all.Wait()
		e.Expect(served[true] + served[false]).To(BeNumerically("~", 600, 20))
		e.Expect(served[true]).To(BeNumerically("~", 66, 10))
	})
}

// Whoever holds places leaves as many free: an Endpoint to the others of its connection, a connection to the others of its
// namespace, a namespace to all others.
func TestPlaces(t *testing.T) {
	in(t, 1000, 1000, func(e *environment) {
		hanging := func(namespace, connection, endpoint string) int {
			taken := 0
			for id := range ratelimit.Places {
				if e.Take(ratelimit.Request{
					Waiter: fmt.Sprint(namespace, connection, endpoint, id), Namespace: namespace, Connection: types.UID(connection),
					EndpointID: endpoint, Wake: func() {},
				}) {
					taken++
				}
			}
			return taken
		}
		e.Expect(hanging("a", "1", "x")).To(Equal(16))
		e.Expect(hanging("a", "1", "y")).To(Equal(8))
		e.Expect(hanging("a", "2", "x")).To(Equal(16))
		e.Release("a1y0", nil)
		e.Expect(e.Join(ratelimit.Request{Waiter: "a1y8", Namespace: "a", Connection: "1", EndpointID: "y"})).To(BeTrue(),
			"a place that is given up goes to one that waits for it")
		for endpoint := range 20 {
			hanging("a", "1", fmt.Sprint("another", endpoint))
		}
		e.Expect(e.Take(ratelimit.Request{Waiter: "probe", Namespace: "a", Connection: "1"})).To(BeTrue(), "a probe finds out what hangs")
		for connection := range 20 {
			hanging("a", fmt.Sprint("another", connection), "x")
		}
		e.Expect(hanging("b", "1", "x")).To(Equal(16))
		for _, namespace := range []string{"b", "c", "d", "e", "f"} {
			for connection := range 20 {
				hanging(namespace, fmt.Sprint("another", connection), "x")
			}
		}
		e.Expect(hanging("g", "1", "x")).To(BeNumerically(">=", 1), "however many namespaces hang")
	})
}

// Further requests of a waiter delay those of others.
func TestCharge(t *testing.T) {
	in(t, 10, 2, func(e *environment) {
		r := e.request("a", 0)
		e.Expect(e.Take(r)).To(BeTrue())
		e.Charge(r.Waiter, 3)
		e.Release(r.Waiter, nil)
		e.Expect(e.Await(context.Background(), e.request("b", 0))).To(Succeed())
		e.Expect(time.Since(e.began)).To(BeNumerically("~", 300*time.Millisecond, 10*time.Millisecond))
	})
}

// Retry-After holds for the whole host; afterwards there is no burst.
func TestRetryAfter(t *testing.T) {
	in(t, 1000, 1000, func(e *environment) {
		e.refuse(10 * time.Second)
		e.Expect(e.Silence()).To(Equal(10 * time.Second))
		for id := range 300 {
			e.Expect(e.Take(e.request("a", id))).To(BeFalse())
		}
		e.after(10 * time.Second)
		e.Expect(e.wakes()).To(BeEmpty())
		e.after(10*time.Second + 2*time.Millisecond)
		e.Expect(len(e.wakes())).To(BeNumerically("<", 130), "half of the rate, in a small burst")
	})
}

// While a host says nothing but 429, it is asked less and less often; once it serves a request, the rate rises.
func TestSilenceGrows(t *testing.T) {
	in(t, 20, 40, func(e *environment) {
		for _, seconds := range []float64{1, 2, 4, 8, 16, 32, 64, 120, 120} {
			e.refuse(0)
			e.Expect(e.Silence().Seconds()).To(Equal(seconds))
		}
		began := time.Now()
		for id := range 200 {
			r := e.request("a", id)
			e.Expect(e.Await(context.Background(), r)).To(Succeed())
			e.Release(r.Waiter, nil)
		}
		e.Expect(time.Since(began) - 120*time.Second).To(BeNumerically("~", 60*time.Second, 15*time.Second))
		e.Expect(e.Silence()).To(BeZero())
		e.refuse(0)
		e.Expect(e.Silence()).To(Equal(time.Second))
	})
}

// Other failures say nothing about the rate.
func TestOtherFailures(t *testing.T) {
	in(t, 5, 10, func(e *environment) {
		for id, outcome := range []error{errors.New("of Kubernetes"), &cognigy.Error{Kind: cognigy.Unavailable}} {
			r := e.request("a", id)
			e.Expect(e.Take(r)).To(BeTrue())
			e.Release(r.Waiter, outcome)
			e.Expect(e.Silence()).To(BeZero())
		}
	})
}

// A turn that was given before a silence is not taken during it.
func TestTurnBeforeASilence(t *testing.T) {
	in(t, 10, 10, func(e *environment) {
		for id := range 2 {
			e.Expect(e.Join(e.request("a", id))).To(BeTrue())
		}
		e.refuse(0)
		e.Expect(e.Take(e.request("a", 0))).To(BeFalse())
		e.Expect(e.Join(e.request("a", 1))).To(BeFalse())
		e.Expect(e.wakes()).To(BeEmpty())
		e.after(2 * time.Second)
		e.Expect(e.wakes()).To(Equal([]string{"a/0"}), "there is no burst after it")
	})
}

// A turn that is given back serves the next; one who waits goes on waiting.
func TestGiveBack(t *testing.T) {
	in(t, 1, 1, func(e *environment) {
		e.Expect(e.Join(e.request("a", 0))).To(BeTrue())
		e.Expect(e.Join(e.request("a", 1))).To(BeFalse())
		e.hosts.GiveBack("a/1")
		e.after(time.Minute)
		e.Expect(e.wakes()).To(BeEmpty(), "who knows of its turn keeps it")
		e.hosts.GiveBack("a/0")
		e.Expect(e.wakes()).To(Equal([]string{"a/1"}))
	})
}

// A probe does not wait behind the resources for which it finds out whether Cognigy is there.
func TestProbeIsFirst(t *testing.T) {
	in(t, 1, 1, func(e *environment) {
		for id := range 20 {
			e.send(e.request("a", id))
		}
		probe := e.request("a", 20)
		probe.EndpointID = ""
		e.Expect(e.Take(probe)).To(BeFalse())
		e.after(time.Second + time.Millisecond)
		e.Expect(e.wakes()).To(Equal([]string{"a/20"}))
	})
}

// After an outage there is no burst, and the rate is half.
func TestSlowStart(t *testing.T) {
	in(t, 20, 40, func(e *environment) {
		e.SlowStart(time.Now())
		sent := 0
		for id := range 40 {
			if e.send(e.request("a", id)) {
				sent++
			}
		}
		e.Expect(sent).To(BeNumerically("<=", 2))
	})
}

// Who pretends an outage does not slow a host that serves others.
func TestNoSlowStart(t *testing.T) {
	in(t, 20, 40, func(e *environment) {
		since := time.Now()
		e.after(time.Second)
		e.Expect(e.send(e.request("a", 0))).To(BeTrue())
		e.SlowStart(since)
		for id := range 20 {
			e.Expect(e.send(e.request("b", id))).To(BeTrue())
		}
	})
}
