// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

var _ = Describe("kubectl cognigy rotate", Label("cli"), func() {
	It("has a key replaced, and says how long the other one works", func() {
		e := newEnvironment()
		key := e.issued(withOverlap)
		first := e.Read(key).Status.KeyID
		out := e.prints("rotate", "crm")
		second := e.AwaitDelivered(key, 2).Status.KeyID
		e.Expect(second).NotTo(Equal(first))
		e.Expect(out).To(And(
			ContainSubstring("Asked for another key than "+first), ContainSubstring(`Secret "crm" holds key `+second),
			MatchRegexp("Key "+first+` works on until \S+ \(in (1h|60m|59m)`),
		))
		out = e.prints("rotate", "crm")
		e.Expect(out).To(ContainSubstring("Asked for another key than " + second))
		e.AwaitDelivered(key, 3)
	})

	It("has a key that leaked revoked at once, and puts the overlap back", func() {
		e := newEnvironment()
		key := e.issued(withOverlap, func(k *v1alpha1.EndpointAPIKey) { k.Spec.Rotation.Every = &metav1.Duration{Duration: 720 * time.Hour} })
		before := e.Read(key)
		found := e.kubectlCognigyWith("n\n", "rotate", "crm", "--revoke-now")
		e.Expect(found.code).To(Equal(1))
		e.Expect(found.errOut).To(ContainSubstring("nothing was changed"))
		e.Expect(e.Posts()).To(Equal(1))
		found = e.kubectlCognigyWith("y\n", "rotate", "crm", "--revoke-now")
		e.Expect(found.code).To(BeZero(), found.errOut)
		e.Expect(e.isLive(before.Status.KeyID)).To(BeFalse(), "it returns when the key is revoked")
		e.Expect(found.out).To(And(ContainSubstring("Key "+before.Status.KeyID+" is revoked."), ContainSubstring("Put rotation back as it was.")))
		e.Expect(e.AwaitDelivered(key, 1).Spec).To(Equal(before.Spec))

		e.Change(key, func() { key.Spec.Rotation = nil })
		e.AwaitDelivered(key, 1)
		e.prints("rotate", "crm", "--revoke-now", "--yes")
		e.Expect(e.AwaitDelivered(key, 1).Spec.Rotation).To(BeNil())
	})

	It("takes place in a window that is open, whatever the status said before", func() {
		e := newEnvironment()
		opened := time.Now().UTC().Add(-time.Hour)
		key := e.issued(func(k *v1alpha1.EndpointAPIKey) {
			k.Spec.Rotation.Every = &metav1.Duration{Duration: 720 * time.Hour}
			k.Spec.Rotation.Windows = []v1alpha1.RotationWindow{{
				Days:  []v1alpha1.Weekday{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
				Start: v1alpha1.TimeOfDay(opened.Format("15:04")), End: v1alpha1.TimeOfDay(opened.Add(-time.Minute).Format("15:04")),
			}}
		})
		e.Expect(e.Read(key).Status.RotatesAt).NotTo(BeNil())
		e.prints("rotate", "crm")
		e.Expect(e.Posts()).To(Equal(2))
	})

	It("says why a key does not rotate", func() {
		e := newEnvironment()
		opened := time.Now().UTC().Add(-time.Hour)
		key := e.issued(func(k *v1alpha1.EndpointAPIKey) {
			k.Spec.Rotation.Windows = []v1alpha1.RotationWindow{{
				Days:  []v1alpha1.Weekday{v1alpha1.Weekday(opened.Add(48 * time.Hour).Weekday().String())},
				Start: v1alpha1.TimeOfDay(opened.Format("15:04")), End: v1alpha1.TimeOfDay(opened.Add(time.Minute).Format("15:04")),
			}}
		})
		found := e.kubectlCognigy("rotate", "crm")
		e.Expect(found.code).To(Equal(1))
		golden("rotate-window", found.errOut)
		e.Change(key, func() { key.Spec.Suspend = true })
		golden("rotate-suspended", e.kubectlCognigy("rotate", "crm").errOut)
		e.Expect(e.Posts()).To(Equal(1))
		e.Create(e.Key(func(k *v1alpha1.EndpointAPIKey) {
			k.Name, k.Spec.Suspend = "new", false
			k.Spec.ConnectionRef.Name = "none"
		}))
		golden("rotate-new", e.kubectlCognigy("rotate", "new").errOut)
	})
})

var _ = Describe("kubectl cognigy suspend, resume and reconcile", Label("cli"), func() {
	It("stop and start the work on a key", func() {
		e := newEnvironment()
		key := e.issued()
		e.prints("suspend", "crm")
		e.Expect(e.Read(key).Spec.Suspend).To(BeTrue())
		golden("suspended", e.prints("status"))
		golden("reconcile-suspended", e.kubectlCognigy("reconcile", "crm").errOut)
		e.prints("resume", "crm")
		e.Expect(e.Read(key).Spec.Suspend).To(BeFalse())
		e.AwaitDelivered(key, 1)
		golden("resume-again", e.prints("resume", "crm"))
	})

	It("have the operator look now", func() {
		e := newEnvironment()
		key := e.issued()
		golden("reconcile", e.prints("reconcile", "crm"))
		found := e.Read(key)
		e.Expect(found.Status.LastHandledReconcileAt).To(Equal(found.Annotations[v1alpha1.RequestedAtAnnotation]))
		e.Expect(e.Posts()).To(Equal(1))
	})

	It("say so when no operator answers", func() {
		e := newEnvironment()
		e.issued()
		e.stopOperator()
		golden("reconcile-late", e.kubectlCognigy("reconcile", "crm", "--timeout=1s").errOut)
		golden("suspend-late", e.kubectlCognigy("suspend", "crm", "--timeout=1s").errOut)
	})
})
