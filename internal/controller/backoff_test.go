// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// failing returns an item that fails.
func failing(number int) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "test", Name: fmt.Sprint(number)}}
}

// Who fails for ever asks less and less often, down to a rate that hurts nobody, and each item by its own failures. Jitter adds to
// a wait but takes nothing from it.
func TestBackoffGrows(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	waits := backoff(shortestWait, longestWait)
	for failures, base := 0, shortestWait; failures < 100; failures++ {
		for item := range 20 {
			wait := waits.When(failing(item))
			g.Expect(wait).To(BeNumerically(">=", base), "after %d failures", failures)
			g.Expect(wait).To(BeNumerically("<=", base+base/2), "after %d failures", failures)
		}
		base = min(2*base, longestWait)
	}
	g.Expect(waits.When(failing(100))).To(BeNumerically("<=", shortestWait+shortestWait/2), "another item has not failed yet")
}

// What failed together, as often, does not come back together.
func TestBackoffScatters(t *testing.T) {
	t.Parallel()
	const items = 100
	g := NewWithT(t)
	waits := backoff(shortestWait, longestWait)
	for failures := range 12 {
		different, shortest, longest := map[time.Duration]bool{}, longestWait*2, time.Duration(0)
		for item := range items {
			wait := waits.When(failing(item))
			different[wait] = true
			shortest, longest = min(shortest, wait), max(longest, wait)
		}
		g.Expect(len(different)).To(BeNumerically(">", items*9/10), "after %d failures", failures)
		g.Expect(longest-shortest).To(BeNumerically(">", shortest/4), "after %d failures", failures)
	}
}

// A success makes up for all failures before it.
func TestBackoffForgets(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	waits := backoff(shortestWait, longestWait)
	for range 10 {
		waits.When(failing(0))
		waits.When(failing(1))
	}
	g.Expect(waits.NumRequeues(failing(0))).To(Equal(10))
	waits.Forget(failing(0))
	g.Expect(waits.NumRequeues(failing(0))).To(BeZero())
	g.Expect(waits.When(failing(0))).To(BeNumerically("<=", shortestWait+shortestWait/2))
	g.Expect(waits.When(failing(1))).To(BeNumerically(">=", longestWait), "another item goes on as it was")
}
