// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

var _ = Describe("kubectl cognigy explain", Label("cli"), func() {
	It("tells when a key rotates and when a replaced one ends, and why", func() {
		e := newEnvironment()
		key := e.issued(withOverlap, func(k *v1alpha1.EndpointAPIKey) { k.Spec.Rotation.Every = &metav1.Duration{Duration: 720 * time.Hour} })
		golden("explain-ready", e.prints("explain", "crm"))
		e.request(key, later().Format(time.RFC3339))
		e.AwaitDelivered(key, 2)
		golden("explain-retiring", e.prints("explain", "crm"))
	})

	It("tells what is wrong, since when, and what to do", func() {
		e := newEnvironment()
		e.Create(&corev1.Secret{ObjectMeta: e.Meta("crm")})
		key := e.Key()
		e.Create(key)
		e.reports(key, v1alpha1.ReasonSecretNotOwned, status.FailedStatus)
		golden("explain-failed", e.prints("explain", "crm"))
	})

	It("tells what keeps the operator from a rotation that is due", func() {
		e := newEnvironment()
		key := e.issued()
		credentials := e.Credentials("")
		e.Change(credentials, func() { credentials.Data["api-key"] = []byte("wrong") })
		e.reports(e.Connection(), v1alpha1.ReasonUnauthorized, status.FailedStatus)
		due := later()
		e.request(key, due.Format(time.RFC3339))
		e.Await(func(g Gomega) {
			g.Expect(time.Now()).To(BeTemporally(">=", due.Time))
			g.Expect(e.kubectlCognigy("status").out).To(ContainSubstring("ConnectionNotReady"))
		})
		golden("explain-blocked", e.prints("explain", "crm"))
	})

	It("plans what the operator then does", func() {
		e := newEnvironment()
		key := e.issued()
		e.stopOperator()
		e.Delete(e.Secret(key))
		golden("explain-lost", e.prints("explain", "crm"))
		posts := e.Posts()
		e.Expect(posts).To(Equal(1), "an explanation issues nothing")
		e.restartOperator()
		e.Await(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
		e.AwaitDelivered(key, 1)
		e.Change(key, func() { key.Spec.Suspend = true })
		e.Await(func(g Gomega) { g.Expect(e.Read(key).Status.ObservedGeneration).To(Equal(e.Read(key).Generation)) })
		golden("explain-suspended", e.prints("explain", "crm"))
	})

	It("tells what the caller may not read", func() {
		e := newEnvironment()
		e.issued()
		e.permitView("viewer")
		e.Await(func(g Gomega) { g.Expect(e.kubectlCognigy("explain", "crm", "--as=viewer").code).To(BeZero()) })
		golden("explain-viewer", e.prints("explain", "crm", "--as=viewer"))
	})
})
