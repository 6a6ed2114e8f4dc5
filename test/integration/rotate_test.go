// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// later is an instant after the issue of a key that is as good as now.
func later() *metav1.Time {
	at := metav1.NewTime(time.Now().Add(time.Second)).Rfc3339Copy()
	return &at
}

// rotate has a key rotated soon, with an overlap.
func (e *environment) rotate(key *v1alpha1.EndpointAPIKey, overlap time.Duration) {
	GinkgoHelper()
	e.Change(key, func() {
		key.Spec.Rotation = &v1alpha1.Rotation{NotBefore: later(), Overlap: &metav1.Duration{Duration: overlap}}
	})
}

var _ = describeBoth("A rotation", Label("rotation"), func() {
	It("keeps the replaced key for the overlap, and then revokes it", func() {
		e := newEnvironment()
		key := e.issued()
		old := string(e.Secret(key).Data["api-key"])
		const overlap = 20 * time.Second
		e.rotate(key, overlap)
		e.Await(func(g Gomega) { g.Expect(string(e.Secret(key).Data["api-key"])).NotTo(Equal(old)) })
		found := e.AwaitDelivered(key, 2)
		e.Expect(e.Cognigy.Works(e.Endpoint.ID, old)).To(BeTrue())
		e.Expect(found.Status.Retiring).To(HaveLen(1))
		retiring := found.Status.Retiring[0]
		e.Expect(retiring.KeyID).To(Equal(e.Cognigy.Ledger()[0].ID))
		e.Expect(retiring.RevokeAt.Sub(retiring.ReplacedAt.Time)).To(Equal(overlap))
		e.Expect(retiring.ReplacedAt.Time).To(And(
			BeTemporally(">=", found.Status.IssuedAt.Time), BeTemporally("<=", time.Now().Add(time.Second)), // both in whole seconds
		))
		e.Await(func(g Gomega) { g.Expect(e.Read(key).Status.Retiring).To(BeEmpty()) })
		e.AwaitDelivered(key, 1)
		e.Expect(e.Cognigy.Works(e.Endpoint.ID, old)).To(BeFalse())
		e.Expect(*e.Cognigy.Ledger()[0].RevokedAt).To(BeTemporally(">=", retiring.RevokeAt.Time))
		e.Expect(e.Posts()).To(Equal(2))
	})

	// Cognigy's interface asks for a unique name.
	It("makes a second key also where Cognigy accepts each name once", func() {
		e := newEnvironmentWith(simulator.Options{TLS: true, UniqueNames: true})
		key := e.issued()
		e.rotate(key, time.Hour)
		e.AwaitDelivered(key, 2)
		e.Expect(e.Posts()).To(Equal(2))
	})

	It("revokes the replaced key as soon as the new one is delivered", func() {
		e := newEnvironment()
		key := e.issued(func(k *v1alpha1.EndpointAPIKey) {
			k.Spec.Rotation = &v1alpha1.Rotation{Every: &metav1.Duration{Duration: 720 * time.Hour}, Overlap: &metav1.Duration{}}
		})
		found := e.Read(key)
		e.Expect(found.Status.RotatesAt.Sub(found.Status.IssuedAt.Time)).To(And(BeNumerically(">=", 648*time.Hour), BeNumerically("<=", 720*time.Hour)))
		e.Change(key, func() { key.Spec.Rotation.NotBefore = later() })
		e.Await(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
		e.AwaitDelivered(key, 1)
		ledger := e.Cognigy.Ledger()
		e.Expect(ledger[1].CreatedAt).To(BeTemporally("<=", *ledger[0].RevokedAt))
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
	})

	It("is announced, and waits for its instant", func() {
		e := newEnvironment()
		at := metav1.NewTime(time.Now().Add(24 * time.Hour)).Rfc3339Copy()
		key := e.issued(func(k *v1alpha1.EndpointAPIKey) {
			k.Spec.Rotation = &v1alpha1.Rotation{NotBefore: &at, Overlap: &metav1.Duration{}}
		})
		e.Expect(e.Read(key).Status.RotatesAt.Time).To(BeTemporally("==", at.Time))
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(1)) })
	})

	It("that fails costs nothing: the delivered key stays, the resource is Current, and RenewalBlocked says what is wrong", func() {
		e := newEnvironment()
		key := e.issued()
		old := string(e.Secret(key).Data["api-key"])
		e.Cognigy.Inject(simulator.Fault{Method: http.MethodPost, Kind: simulator.FaultStatus, Status: 403, Code: 403})
		e.Change(key, func() { key.Spec.Rotation = &v1alpha1.Rotation{NotBefore: later(), Overlap: &metav1.Duration{}} })
		e.Await(func(g Gomega) {
			g.Expect(cluster.Get(e.Context, clientKey(key), key)).To(Succeed())
			ready := meta.FindStatusCondition(key.Status.Conditions, v1alpha1.ConditionReady)
			g.Expect(ready.Status).To(Equal(metav1.ConditionTrue))
			g.Expect(ready.Message).To(And(ContainSubstring("working key"), ContainSubstring("code 403"), ContainSubstring("permission")))
			blocked := meta.FindStatusCondition(key.Status.Conditions, v1alpha1.ConditionRenewalBlocked)
			g.Expect(blocked).To(HaveValue(And(HaveField("Status", metav1.ConditionTrue), HaveField("Reason", v1alpha1.ReasonForbidden))))
			g.Expect(fixtures.Kstatus(g, key)).To(Equal(status.CurrentStatus))
		})
		e.Expect(e.Cognigy.Works(e.Endpoint.ID, old)).To(BeTrue())
		e.Await(func(g Gomega) {
			recorded := &eventsv1.EventList{}
			g.Expect(cluster.List(e.Context, recorded, client.InNamespace(e.Namespace))).To(Succeed())
			g.Expect(recorded.Items).To(ContainElement(And(
				HaveField("Reason", v1alpha1.ReasonForbidden), HaveField("Type", corev1.EventTypeWarning), HaveField("Note", ContainSubstring("code 403")),
			)))
		})
		// Another try neither ends nor fails the condition.
		e.Consistently(func(g Gomega) {
			found := e.Read(key)
			g.Expect(meta.IsStatusConditionTrue(found.Status.Conditions, v1alpha1.ConditionRenewalBlocked)).To(BeTrue())
			g.Expect(fixtures.Kstatus(g, found)).To(Equal(status.CurrentStatus))
		}).WithTimeout(quietTime).WithPolling(20 * time.Millisecond).Should(Succeed())
		e.Cognigy.ClearFaults()
		e.Await(func(g Gomega) { g.Expect(e.Cognigy.Works(e.Endpoint.ID, old)).To(BeFalse()) })
		e.AwaitDelivered(key, 1)
		e.Expect(e.Cognigy.Ledger()).To(HaveLen(2))
	})
})

var _ = describeBoth("A delivered EndpointAPIKey", Label("drift"), func() {
	// Flux and people ask for that.
	It("is looked at when someone asks for it, which rotates nothing", func() {
		e := newEnvironment()
		key := e.issued()
		lists := e.Lists()
		e.Change(key, func() { key.Annotations = map[string]string{v1alpha1.RequestedAtAnnotation: "today"} })
		e.Await(func(g Gomega) {
			g.Expect(e.Read(key).Status.LastHandledReconcileAt).To(Equal("today"))
			g.Expect(e.Lists()).To(BeNumerically(">", lists))
		})
		e.Expect(e.Posts()).To(Equal(1))
	})

	It("shares the list of a drift check with the others of its Endpoint", func() {
		const keys = 8
		e := newEnvironment()
		for i := range keys {
			e.issued(func(k *v1alpha1.EndpointAPIKey) { k.Name = fmt.Sprintf("key-%d", i) })
		}
		lists := func() int { return e.Lists() }
		before, started := lists(), time.Now()
		e.Await(func(g Gomega) { g.Expect(lists()).To(BeNumerically(">=", before+4)) })
		// The interval varies by a tenth, and the keys fall into step within the first.
		most := int(time.Since(started)/(driftInterval*9/10)) + 2
		e.Expect(lists()-before).To(BeNumerically("<=", most), "%d keys, %s", keys, time.Since(started))
		e.Expect(e.Posts()).To(Equal(keys))
	})

	It("is not touched while suspended, and caught up with afterwards", func() {
		e := newEnvironment()
		key := e.Key(func(k *v1alpha1.EndpointAPIKey) { k.Spec.Suspend = true })
		e.Create(key)
		e.reports(key, v1alpha1.ReasonSuspended, status.InProgressStatus)
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(BeZero()) })
		e.Change(key, func() { key.Spec.Suspend = false })
		e.AwaitDelivered(key, 1)
		e.Change(key, func() { key.Spec.Suspend = true })
		e.Await(func(g Gomega) {
			found := e.Read(key)
			g.Expect(found.Status.ObservedGeneration).To(Equal(found.Generation))
			ready := meta.FindStatusCondition(found.Status.Conditions, v1alpha1.ConditionReady)
			g.Expect(ready.Reason).To(Equal(v1alpha1.ReasonSuspended))
			g.Expect(fixtures.Kstatus(g, found)).To(Equal(status.CurrentStatus))
		})
		e.Delete(e.Secret(key))
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(1)) })
		e.Change(key, func() { key.Spec.Suspend = false })
		e.AwaitDelivered(key, 1)
		e.Delete(key)
		e.AwaitGone(key)
	})
})
