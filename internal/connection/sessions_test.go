// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

func newResolver() *Resolver {
	return &Resolver{Clock: clock.RealClock{}, Hosts: ratelimit.NewHosts(nil)}
}

func in(namespace string) *v1alpha1.CognigyConnection {
	return &v1alpha1.CognigyConnection{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "cognigy", UID: types.UID(namespace)},
		Spec:       v1alpha1.ConnectionSpec{BaseURL: "https://cognigy.example.com"},
	}
}

// A session is looked up for every request, and a bundle may have a megabyte.
func TestFingerprintCopiesNothing(t *testing.T) {
	g := NewWithT(t)
	config := func(bundle []byte) cognigy.Config {
		return cognigy.Config{BaseURL: "https://cognigy.example.com", APIKey: cognigy.NewSensitive("key"), CABundle: bundle, Timeout: time.Second}
	}
	large := bytes.Repeat([]byte("\n"), 1<<20)
	result := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			fingerprint(config(large))
		}
	})
	g.Expect(result.AllocedBytesPerOp()).To(BeNumerically("<", 4<<10))
	g.Expect(fingerprint(config(large))).NotTo(Equal(fingerprint(config(large[1:]))))
	g.Expect(fingerprint(config(large))).To(Equal(fingerprint(config(bytes.Clone(large)))))
}

// Namespaces come and go.
func TestTenantsWithoutConnectionsAreForgotten(t *testing.T) {
	g := NewWithT(t)
	r := newResolver()
	for i := range 100 {
		found := in(fmt.Sprintf("namespace-%d", i))
		session, err := r.sessionWith(found, cognigy.NewSensitive("key"))
		g.Expect(err).NotTo(HaveOccurred())
		session.Lists.remember(session.place("endpoint"), &plan.Listing{At: time.Now()})
		session.RememberMissing("endpoint", "key", time.Now())
		r.Forget(types.NamespacedName{Namespace: found.Namespace, Name: found.Name})
		g.Expect(session.Lists.newest).To(BeEmpty())
		g.Expect(session.Lists.missing.Keys()).To(BeEmpty())
	}
	g.Expect(len(r.tenants)).To(BeNumerically("<=", 1))
	g.Expect(r.sessions).To(BeEmpty())
}

// One who makes a connection anew must not have more answers decoded at a time, nor more memory.
func TestTenantsAreRememberedWhileTheyAreInUse(t *testing.T) {
	g := NewWithT(t)
	r := newResolver()
	session, err := r.sessionWith(in("hostile"), cognigy.NewSensitive("key"))
	g.Expect(err).NotTo(HaveOccurred())
	busy := r.tenants["hostile"]
	g.Expect(busy.largeAnswers.TryAcquire(1)).To(BeTrue())
	r.Forget(types.NamespacedName{Namespace: "hostile", Name: "cognigy"})
	_, err = r.sessionWith(in("another"), cognigy.NewSensitive("key"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.tenants["hostile"]).To(BeIdenticalTo(busy))

	busy.largeAnswers.Release(1)
	again, err := r.sessionWith(in("hostile"), cognigy.NewSensitive("key"))
	g.Expect(err).NotTo(HaveOccurred())
	renewed, err := r.sessionWith(in("hostile"), cognigy.NewSensitive("other credentials"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(renewed).NotTo(BeIdenticalTo(again))
	g.Expect(renewed.Lists).To(And(BeIdenticalTo(again.Lists), BeIdenticalTo(session.Lists)))
}
