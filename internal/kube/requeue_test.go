// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/internal/kube"
)

const shortest, longest = 500 * time.Millisecond, 2 * time.Minute

func item(number int) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "test", Name: fmt.Sprint(number)}}
}

// The wait of an item that keeps failing grows to the longest, independently of other items. Jitter only adds to it.
func TestBackoffGrows(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	backoff := kube.Backoff(shortest, longest)
	for failures, base := 0, shortest; failures < 100; failures++ {
		for number := range 20 {
			wait := backoff.When(item(number))
			g.Expect(wait).To(BeNumerically(">=", base), "after %d failures", failures)
			g.Expect(wait).To(BeNumerically("<=", base+base/2), "after %d failures", failures)
		}
		base = min(2*base, longest)
	}
	g.Expect(backoff.When(item(100))).To(BeNumerically("<=", shortest+shortest/2), "another item has not failed yet")
}

// Items that failed together, equally often, are not retried together.
func TestBackoffScatters(t *testing.T) {
	t.Parallel()
	const items = 100
	g := NewWithT(t)
	backoff := kube.Backoff(shortest, longest)
	for failures := range 12 {
		different, least, most := map[time.Duration]bool{}, longest*2, time.Duration(0)
		for number := range items {
			wait := backoff.When(item(number))
			different[wait] = true
			least, most = min(least, wait), max(most, wait)
		}
		g.Expect(len(different)).To(BeNumerically(">", items*9/10), "after %d failures", failures)
		g.Expect(most-least).To(BeNumerically(">", least/4), "after %d failures", failures)
	}
}

// A success resets the wait of its item, and of no other.
func TestBackoffForgets(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	backoff := kube.Backoff(shortest, longest)
	for range 10 {
		backoff.When(item(0))
		backoff.When(item(1))
	}
	g.Expect(backoff.NumRequeues(item(0))).To(Equal(10))
	backoff.Forget(item(0))
	g.Expect(backoff.NumRequeues(item(0))).To(BeZero())
	g.Expect(backoff.When(item(0))).To(BeNumerically("<=", shortest+shortest/2))
	g.Expect(backoff.When(item(1))).To(BeNumerically(">=", longest))
}
