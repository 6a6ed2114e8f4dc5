// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// later is an instant after the issue of a key that is as good as now.
func later() *metav1.Time {
	at := metav1.NewTime(time.Now().Add(time.Second)).Rfc3339Copy()
	return &at
}

// During the overlap both keys work; after it the replaced one is refused.
func TestRotateWithOverlap(t *testing.T) {
	w := newWorld(t)
	key := w.issued()
	old := string(w.secret(key).Data["api-key"])
	const overlap = 10 * time.Second
	w.change(key, func() {
		key.Spec.Rotation = &v1alpha1.Rotation{NotBefore: later(), Overlap: &metav1.Duration{Duration: overlap}}
	})
	w.eventually(func(g Gomega) { g.Expect(string(w.secret(key).Data["api-key"])).NotTo(Equal(old)) })
	found := w.settles(key, 2)
	w.Expect(w.cognigy.Works(w.endpoint.ID, old)).To(BeTrue())
	w.Expect(found.Status.Retiring).To(HaveLen(1))
	retiring := found.Status.Retiring[0]
	w.Expect(retiring.KeyID).To(Equal(w.cognigy.Ledger()[0].ID))
	w.Expect(retiring.RevokeAt.Time).To(BeTemporally("~", found.Status.IssuedAt.Add(overlap), time.Second))
	w.eventually(func(g Gomega) { g.Expect(w.read(key).Status.Retiring).To(BeEmpty()) })
	w.settles(key, 1)
	w.Expect(w.cognigy.Works(w.endpoint.ID, old)).To(BeFalse())
	w.Expect(*w.cognigy.Ledger()[0].RevokedAt).To(BeTemporally(">=", retiring.RevokeAt.Time))
	w.Expect(w.posts()).To(Equal(2))
}

// Without an overlap the old key goes as soon as the new one is delivered, not before.
func TestRotateWithoutOverlap(t *testing.T) {
	w := newWorld(t)
	key := w.issued(func(k *v1alpha1.EndpointAPIKey) {
		k.Spec.Rotation = &v1alpha1.Rotation{Every: &metav1.Duration{Duration: 720 * time.Hour}}
	})
	found := w.read(key)
	w.Expect(found.Status.RotatesAt.Sub(found.Status.IssuedAt.Time)).To(And(BeNumerically(">=", 648*time.Hour), BeNumerically("<=", 720*time.Hour)))
	w.change(key, func() { key.Spec.Rotation.NotBefore = later() })
	w.eventually(func(g Gomega) { g.Expect(w.posts()).To(Equal(2)) })
	w.settles(key, 1)
	ledger := w.cognigy.Ledger()
	w.Expect(ledger[1].CreatedAt).To(BeTemporally("<=", *ledger[0].RevokedAt))
	w.remains(func(g Gomega) { g.Expect(w.posts()).To(Equal(2)) })
}

// A notBefore in the future is announced and waited for.
func TestRotateLater(t *testing.T) {
	w := newWorld(t)
	at := metav1.NewTime(time.Now().Add(24 * time.Hour)).Rfc3339Copy()
	key := w.issued(func(k *v1alpha1.EndpointAPIKey) { k.Spec.Rotation = &v1alpha1.Rotation{NotBefore: &at} })
	w.Expect(w.read(key).Status.RotatesAt.Time).To(BeTemporally("==", at.Time))
	w.remains(func(g Gomega) { g.Expect(w.posts()).To(Equal(1)) })
}

// A rotation that fails leaves the delivered key in place: Ready stays true, and its message says what is wrong.
func TestRotateFails(t *testing.T) {
	w := newWorld(t)
	key := w.issued()
	old := string(w.secret(key).Data["api-key"])
	w.cognigy.Inject(simulator.Fault{Method: http.MethodPost, Kind: simulator.FaultStatus, Status: 403, Code: 403})
	w.change(key, func() { key.Spec.Rotation = &v1alpha1.Rotation{NotBefore: later()} })
	w.eventually(func(g Gomega) {
		g.Expect(cluster.Get(w.ctx, clientKey(key), key)).To(Succeed())
		ready := meta.FindStatusCondition(key.Status.Conditions, v1alpha1.ConditionReady)
		g.Expect(ready.Status).To(Equal(metav1.ConditionTrue))
		g.Expect(ready.Message).To(And(ContainSubstring("working key"), ContainSubstring("code 403"), ContainSubstring("permission")))
		g.Expect(kstatus(g, key)).To(Equal(status.FailedStatus))
	})
	w.Expect(w.cognigy.Works(w.endpoint.ID, old)).To(BeTrue())
	w.cognigy.ClearFaults()
	w.eventually(func(g Gomega) { g.Expect(w.cognigy.Works(w.endpoint.ID, old)).To(BeFalse()) })
	w.settles(key, 1)
	w.Expect(w.cognigy.Ledger()).To(HaveLen(2))
}

// Flux and people ask for a look; it is acknowledged, and rotates nothing.
func TestRequestedAt(t *testing.T) {
	w := newWorld(t)
	key := w.issued()
	lists := w.cognigy.Count(http.MethodGet, simulator.RouteKeys)
	w.change(key, func() { key.Annotations = map[string]string{v1alpha1.RequestedAtAnnotation: "today"} })
	w.eventually(func(g Gomega) {
		g.Expect(w.read(key).Status.LastHandledReconcileAt).To(Equal("today"))
		g.Expect(w.cognigy.Count(http.MethodGet, simulator.RouteKeys)).To(BeNumerically(">", lists))
	})
	w.Expect(w.posts()).To(Equal(1))
}

// Drift is looked for per Endpoint: its keys share one list an interval.
func TestDriftIsShared(t *testing.T) {
	const keys = 8
	w := newWorld(t)
	for i := range keys {
		w.issued(func(k *v1alpha1.EndpointAPIKey) { k.Name = fmt.Sprintf("key-%d", i) })
	}
	lists := func() int { return w.cognigy.Count(http.MethodGet, simulator.RouteKeys) }
	before, started := lists(), time.Now()
	w.eventually(func(g Gomega) { g.Expect(lists()).To(BeNumerically(">=", before+4)) })
	// The interval varies by a tenth, and the keys fall into step within the first.
	most := int(time.Since(started)/(driftInterval*9/10)) + 2
	w.Expect(lists()-before).To(BeNumerically("<=", most), "%d keys, %s", keys, time.Since(started))
	w.Expect(w.posts()).To(Equal(keys))
}

// While suspended nothing is issued, healed or revoked; afterwards everything is made up for.
func TestSuspend(t *testing.T) {
	w := newWorld(t)
	key := w.key(func(k *v1alpha1.EndpointAPIKey) { k.Spec.Suspend = true })
	w.create(key)
	w.reports(key, v1alpha1.ReasonSuspended, status.InProgressStatus)
	w.remains(func(g Gomega) { g.Expect(w.posts()).To(BeZero()) })
	w.change(key, func() { key.Spec.Suspend = false })
	w.settles(key, 1)
	w.change(key, func() { key.Spec.Suspend = true })
	w.eventually(func(g Gomega) {
		found := w.read(key)
		g.Expect(found.Status.ObservedGeneration).To(Equal(found.Generation))
		ready := meta.FindStatusCondition(found.Status.Conditions, v1alpha1.ConditionReady)
		g.Expect(ready.Reason).To(Equal(v1alpha1.ReasonSuspended))
		g.Expect(kstatus(g, found)).To(Equal(status.CurrentStatus))
	})
	w.delete(w.secret(key))
	w.remains(func(g Gomega) { g.Expect(w.posts()).To(Equal(1)) })
	w.change(key, func() { key.Spec.Suspend = false })
	w.settles(key, 1)
	w.delete(key)
	w.gone(key)
}
