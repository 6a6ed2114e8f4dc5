// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit_test

import (
	"context"
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

// send sends a request that is answered at once, if it may be sent now.
func (e *environment) send(r ratelimit.Request) bool {
	taken := e.Acquire(r)
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
	e.Expect(e.Wait(context.Background(), r)).To(Succeed())
	time.Sleep(time.Millisecond)
	e.Release(r.Waiter, refused(retryAfter))
}

// About half of the burst goes at once, the other half is for other namespaces. Those who wait are woken one after the other.
func TestAcquire(t *testing.T) {
	in(t, 5, 4, func(e *environment) {
		for id := range 3 {
			e.Expect(e.send(e.request("a", id))).To(BeTrue())
		}
		for id := 3; id < 6; id++ {
			e.Expect(e.Acquire(e.request("a", id))).To(BeFalse())
		}
		e.Expect(e.Acquire(e.request("a", 4))).To(BeFalse(), "asking again changes nothing")
		e.Expect(e.wakes()).To(BeEmpty())
		e.after(time.Second)
		e.Expect(e.wakes()).To(Equal([]string{"a/3", "a/4", "a/5"}), "in the order in which they came")
		e.Expect(e.send(e.request("a", 3))).To(BeTrue())
		e.Expect(e.send(e.request("a", 3))).To(BeFalse(), "a reservation is good for one request")
	})
}

// A reservation that is not used is for the next waiter.
func TestReservationExpires(t *testing.T) {
	in(t, 1, 1, func(e *environment) {
		e.Expect(e.send(e.request("a", 0))).To(BeTrue())
		for id := 1; id < 3; id++ {
			e.Expect(e.Acquire(e.request("a", id))).To(BeFalse())
		}
		e.after(10 * time.Second)
		e.Expect(e.wakes()).To(Equal([]string{"a/1"}))
		e.after(12 * time.Second)
		e.Expect(e.wakes()).To(Equal([]string{"a/2"}))
		e.Expect(e.Acquire(e.request("a", 1))).To(BeFalse())
	})
}

func TestCancel(t *testing.T) {
	in(t, 1, 1, func(e *environment) {
		e.Expect(e.Reserve(e.request("a", 0))).To(BeTrue())
		for id := 1; id < 4; id++ {
			e.Expect(e.Reserve(e.request("a", id))).To(BeFalse())
		}
		e.hosts.Cancel("a/1")
		e.Expect(e.wakes()).To(BeEmpty())
		e.hosts.Cancel("a/0")
		e.Expect(e.wakes()).To(Equal([]string{"a/2"}), "the reservation is for the next that is queued, with its token")
		e.Expect(e.Acquire(e.request("a", 2))).To(BeTrue())
		e.hosts.Cancel("a/2")
		e.Expect(e.send(e.request("b", 0))).To(BeFalse(), "a request that is under way cannot be cancelled")
	})
}

func TestWait(t *testing.T) {
	in(t, 1, 1, func(e *environment) {
		e.Expect(e.Wait(context.Background(), e.request("a", 0))).To(Succeed())
		e.Expect(e.Wait(context.Background(), e.request("a", 1))).To(Succeed())
		e.Expect(time.Since(e.began)).To(BeNumerically("~", time.Second, time.Millisecond))
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		e.Expect(e.Wait(ctx, e.request("a", 2))).To(MatchError(context.DeadlineExceeded))
	})
}

// Further requests of a waiter delay those of others.
func TestCharge(t *testing.T) {
	in(t, 10, 2, func(e *environment) {
		r := e.request("a", 0)
		e.Expect(e.Acquire(r)).To(BeTrue())
		e.Charge(r.Waiter, 3)
		e.Release(r.Waiter, nil)
		e.Expect(e.Wait(context.Background(), e.request("b", 0))).To(Succeed())
		e.Expect(time.Since(e.began)).To(BeNumerically("~", 300*time.Millisecond, 10*time.Millisecond))
	})
}

// Requests that nobody acquired delay those of their namespace, and of others.
func TestAccount(t *testing.T) {
	for _, namespace := range []string{"a", "b"} {
		in(t, 10, 2, func(e *environment) {
			for range 4 {
				e.Account(ratelimit.Request{Namespace: "a", Connection: "a"})
			}
			e.Expect(e.Wait(context.Background(), e.request(namespace, 0))).To(Succeed())
			e.Expect(time.Since(e.began)).To(BeNumerically(">=", 300*time.Millisecond-10*time.Millisecond))
		})
	}
}

// A reservation that is cancelled is for the next waiter; one that is queued stays so.
func TestCancelReservation(t *testing.T) {
	in(t, 1, 1, func(e *environment) {
		e.Expect(e.Reserve(e.request("a", 0))).To(BeTrue())
		e.Expect(e.Reserve(e.request("a", 1))).To(BeFalse())
		e.hosts.CancelReservation("a/1")
		e.after(time.Minute)
		e.Expect(e.wakes()).To(BeEmpty(), "a reservation that is known of lasts")
		e.hosts.CancelReservation("a/0")
		e.Expect(e.wakes()).To(Equal([]string{"a/1"}))
	})
}
