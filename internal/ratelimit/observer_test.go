// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

type told struct {
	waits   []time.Duration
	windows int
}

func (t *told) Waited(_ string, wait time.Duration) {
	t.waits = append(t.waits, wait.Round(time.Millisecond))
}
func (t *told) RetryAfterBegan(string) { t.windows++ }

// A wait ends when there is a reservation, whenever that is used.
func TestObservedWaits(t *testing.T) {
	in(t, 1, 1, func(e *environment) {
		observer := &told{}
		e.hosts.Observer = observer
		e.Expect(e.send(e.request("a", 0))).To(BeTrue())
		e.Expect(e.Acquire(e.request("a", 1))).To(BeFalse())
		e.Expect(e.hosts.States()).To(ConsistOf(And(
			HaveField("Name", "cognigy.test:443"), HaveField("Waiting", 1), HaveField("PerSecond", 1.0), HaveField("RetryAfter", time.Duration(0)),
			HaveField("Limit", ratelimit.Limit{PerSecond: 1, Burst: 1}),
		)))
		e.after(5 * time.Second)
		e.Expect(e.Acquire(e.request("a", 1))).To(BeTrue())
		e.Expect(observer.waits).To(Equal([]time.Duration{0, time.Second}))
		e.Expect(e.hosts.States()[0].Waiting).To(BeZero())
	})
}

// Further refusals in a window make it longer, and are no window of their own.
func TestObservedWindows(t *testing.T) {
	in(t, 10, 10, func(e *environment) {
		observer := &told{}
		e.hosts.Observer = observer
		for id := range 3 {
			e.Expect(e.Wait(context.Background(), e.request("a", id))).To(Succeed())
		}
		time.Sleep(time.Millisecond)
		for id := range 3 {
			e.Release(e.request("a", id).Waiter, refused(10*time.Second))
		}
		e.Expect(observer.windows).To(Equal(1))
		e.Expect(e.hosts.States()).To(ConsistOf(And(HaveField("PerSecond", 5.0), HaveField("RetryAfter", 10*time.Second))))
		e.refuse(time.Second)
		e.Expect(observer.windows).To(Equal(2))
	})
}
