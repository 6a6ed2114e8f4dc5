// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// A namespace that asked for little is served at once, however many of another wait.
func TestNamespacesAreServedRoundRobin(t *testing.T) {
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
			for e.Wait(ctx, r) == nil {
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

// Requests that hang leave as many to others: an Endpoint to the others of its connection, a connection to the others of its
// namespace, a namespace to all others.
func TestConcurrencyLimit(t *testing.T) {
	in(t, 1000, 1000, func(e *environment) {
		total := 0
		hanging := func(namespace, connection, endpoint string) int {
			taken := 0
			for id := range ratelimit.ConcurrencyLimit {
				if e.Acquire(ratelimit.Request{
					Waiter: fmt.Sprint(namespace, connection, endpoint, id), Namespace: namespace, Connection: types.UID(connection),
					EndpointID: endpoint, Wake: func() {},
				}) {
					taken++
					total++
				}
			}
			return taken
		}
		e.Expect(hanging("a", "1", "x")).To(Equal(16))
		e.Expect(hanging("a", "1", "y")).To(Equal(8))
		e.Expect(hanging("a", "2", "x")).To(Equal(16))
		e.Release("a1y0", nil)
		e.Expect(e.Reserve(ratelimit.Request{Waiter: "a1y8", Namespace: "a", Connection: "1", EndpointID: "y"})).To(BeTrue(),
			"an end lets the next begin")
		for endpoint := range 20 {
			hanging("a", "1", fmt.Sprint("another", endpoint))
		}
		e.Expect(e.Acquire(ratelimit.Request{Waiter: "probe", Namespace: "a", Connection: "1"})).To(BeTrue(), "a probe finds out what hangs")
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
		e.Expect(total).To(BeNumerically("<=", ratelimit.ConcurrencyLimit), "no more requests hang than there are workers")
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
		e.Expect(e.Acquire(probe)).To(BeFalse())
		e.after(time.Second + time.Millisecond)
		e.Expect(e.wakes()).To(Equal([]string{"a/20"}))
	})
}
