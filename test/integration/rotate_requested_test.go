// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// request sets the annotation that asks for a rotation.
func (e *environment) request(key *v1alpha1.EndpointAPIKey, value string) {
	GinkgoHelper()
	e.Change(key, func() { key.Annotations = map[string]string{v1alpha1.RotateRequestedAtAnnotation: value} })
}

// awaitRotated waits until another key than the first was delivered.
func (e *environment) awaitRotated(key *v1alpha1.EndpointAPIKey, first string) {
	GinkgoHelper()
	e.Await(func(g Gomega) {
		found := e.Read(key)
		g.Expect(found.Status.KeyID).NotTo(Equal(first))
		g.Expect(found.Status.Retiring).To(BeEmpty())
	})
}

var _ = Describe("A rotation that is asked for by annotation", Label("rotation"), func() {
	It("takes place once, also if an operator starts, or the same manifest is applied again", func() {
		e := newEnvironment()
		key := e.issued()
		first, requested := e.Read(key).Status.KeyID, later().Format(time.RFC3339)
		e.request(key, requested)
		e.awaitRotated(key, first)
		e.Await(func(g Gomega) { g.Expect(e.Read(key).Status.LastHandledRotateAt).To(Equal(requested)) })
		e.restartOperator()
		e.Change(key, func() { key.Annotations = nil })
		e.request(key, requested)
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
		e.AwaitDelivered(key, 1)
	})

	It("never takes place for a key that was issued later", func() {
		e := newEnvironment()
		const requested = "2026-01-01T00:00:00+01:00"
		key := e.issued(func(k *v1alpha1.EndpointAPIKey) {
			k.Annotations = map[string]string{v1alpha1.RotateRequestedAtAnnotation: requested}
		})
		e.Await(func(g Gomega) { g.Expect(e.Read(key).Status.LastHandledRotateAt).To(Equal(requested)) })
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(1)) })
	})

	It("waits for a time in the future", func() {
		e := newEnvironment()
		key := e.issued()
		at := metav1.NewTime(time.Now().Add(time.Hour)).Rfc3339Copy()
		e.request(key, at.UTC().Format(time.RFC3339))
		e.Await(func(g Gomega) {
			g.Expect(e.Read(key).Status.RotatesAt).To(HaveValue(HaveField("Time", BeTemporally("==", at.Time))))
		})
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(1)) })
		e.Expect(e.Read(key).Status.LastHandledRotateAt).To(BeEmpty())
	})

	It("says what is wrong with it, and goes on when it is put right", func() {
		e := newEnvironment()
		key := e.issued()
		first := e.Read(key).Status.KeyID
		e.request(key, "yesterday")
		e.Await(func(g Gomega) {
			found := e.Read(key)
			blocked := meta.FindStatusCondition(found.Status.Conditions, v1alpha1.ConditionRenewalBlocked)
			g.Expect(blocked).To(HaveValue(And(
				HaveField("Reason", v1alpha1.ReasonInvalidRotation), HaveField("Message", ContainSubstring("2026-11-22T10:00:00Z")),
			)))
			g.Expect(meta.IsStatusConditionTrue(found.Status.Conditions, v1alpha1.ConditionReady)).To(BeTrue())
			g.Expect(fixtures.Kstatus(g, found)).To(Equal(status.CurrentStatus))
		})
		e.request(key, later().Format(time.RFC3339))
		e.awaitRotated(key, first)
		e.AwaitDelivered(key, 1)
	})
})

var _ = Describe("A rotation with windows", Label("rotation"), func() {
	// closed is a window that opened an hour ago for a minute, so that it opens in 23 hours again.
	closed := func() []v1alpha1.RotationWindow {
		opened := time.Now().UTC().Add(-time.Hour)
		return []v1alpha1.RotationWindow{{
			Days:  []v1alpha1.Weekday{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
			Start: v1alpha1.TimeOfDay(opened.Format("15:04")), End: v1alpha1.TimeOfDay(opened.Add(time.Minute).Format("15:04")),
		}}
	}

	It("waits for one, unless it is not to", func() {
		e := newEnvironment()
		key := e.issued()
		first := e.Read(key).Status.KeyID
		e.Change(key, func() {
			key.Spec.Rotation = &v1alpha1.Rotation{NotBefore: later(), Overlap: &metav1.Duration{}, Windows: closed()}
		})
		e.Await(func(g Gomega) {
			g.Expect(e.Read(key).Status.RotatesAt).To(HaveValue(HaveField("Time", BeTemporally("~", time.Now().Add(23*time.Hour), 2*time.Minute))))
		})
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(1)) })
		e.Change(key, func() { key.Spec.Rotation.IgnoreWindows = true })
		e.awaitRotated(key, first)
	})

	It("takes place in one", func() {
		e := newEnvironment()
		key := e.issued()
		first := e.Read(key).Status.KeyID
		open := closed()
		open[0].Start, open[0].End = open[0].End, open[0].Start
		e.Change(key, func() {
			key.Spec.Rotation = &v1alpha1.Rotation{NotBefore: later(), Overlap: &metav1.Duration{}, Windows: open}
		})
		e.awaitRotated(key, first)
	})

	It("does not keep a Secret waiting that holds no working key", func() {
		e := newEnvironment()
		key := e.issued(func(k *v1alpha1.EndpointAPIKey) { k.Spec.Rotation.Windows = closed() })
		e.Delete(e.Secret(key))
		e.Await(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
		e.AwaitDelivered(key, 1)
	})
})
