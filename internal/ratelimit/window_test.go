// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// Retry-After holds for the whole host; afterwards there is no burst.
func TestRetryAfter(t *testing.T) {
	in(t, 1000, 1000, func(e *environment) {
		e.refuse(10 * time.Second)
		e.Expect(e.RetryAfter()).To(Equal(10 * time.Second))
		for id := range 300 {
			e.Expect(e.Acquire(e.request("a", id))).To(BeFalse())
		}
		e.after(10 * time.Second)
		e.Expect(e.wakes()).To(BeEmpty())
		e.after(10*time.Second + 2*time.Millisecond)
		e.Expect(len(e.wakes())).To(BeNumerically("<", 130), "half of the rate, in a small burst")
	})
}

// A host that answers nothing but 429 gets requests less and less often; once it serves one, the rate rises.
func TestWindowGrows(t *testing.T) {
	in(t, 20, 40, func(e *environment) {
		for _, seconds := range []float64{1, 2, 4, 8, 16, 32, 64, 120, 120} {
			e.refuse(0)
			e.Expect(e.RetryAfter().Seconds()).To(Equal(seconds))
		}
		began := time.Now()
		for id := range 200 {
			r := e.request("a", id)
			e.Expect(e.Wait(context.Background(), r)).To(Succeed())
			e.Release(r.Waiter, nil)
		}
		e.Expect(time.Since(began) - 120*time.Second).To(BeNumerically("~", 60*time.Second, 15*time.Second))
		e.Expect(e.RetryAfter()).To(BeZero())
		e.refuse(0)
		e.Expect(e.RetryAfter()).To(Equal(time.Second))
	})
}

// Other failures say nothing about the rate.
func TestOtherFailures(t *testing.T) {
	in(t, 5, 10, func(e *environment) {
		for id, outcome := range []error{errors.New("of Kubernetes"), &cognigy.Error{Kind: cognigy.Unavailable}} {
			r := e.request("a", id)
			e.Expect(e.Acquire(r)).To(BeTrue())
			e.Release(r.Waiter, outcome)
			e.Expect(e.RetryAfter()).To(BeZero())
		}
	})
}

// A reservation from before a retry-after window is not used during it.
func TestReservationBeforeAWindow(t *testing.T) {
	in(t, 10, 10, func(e *environment) {
		for id := range 2 {
			e.Expect(e.Reserve(e.request("a", id))).To(BeTrue())
		}
		e.refuse(0)
		e.Expect(e.Acquire(e.request("a", 0))).To(BeFalse())
		e.Expect(e.Reserve(e.request("a", 1))).To(BeFalse())
		e.Expect(e.wakes()).To(BeEmpty())
		e.after(2 * time.Second)
		e.Expect(e.wakes()).To(Equal([]string{"a/0"}), "there is no burst after it")
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

// An outage that only one tenant sees does not slow a host that serves others.
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
