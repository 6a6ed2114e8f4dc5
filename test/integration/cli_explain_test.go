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
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
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

	// Another spec expects that there is no Deployment.
	It("knows the settings of the operator that watches the namespace", Serial, func() {
		e := newEnvironment()
		e.issued()
		operator := fixtures.Deployment(e.Namespace, 0)
		operator.Name, operator.Labels = "cognigy-operator", map[string]string{"app.kubernetes.io/name": "cognigy-operator"}
		container := &operator.Spec.Template.Spec.Containers[0]
		container.Name, container.Args = "manager", []string{"--of-a-later-version=1", "--drift-interval=7m"}
		container.Env = []corev1.EnvVar{{Name: "COGNIGY_OPERATOR_WATCH_NAMESPACES", Value: "other," + e.Namespace}}
		e.Create(operator)
		DeferCleanup(e.Delete, operator)
		e.Expect(e.prints("explain", "crm")).To(ContainSubstring("once per drift interval, 7m as Deployment " + e.Namespace + "/cognigy-operator says"))
		e.Change(operator, func() { operator.Spec.Template.Spec.Containers[0].Env[0].Value = "other" })
		e.Expect(e.prints("explain", "crm")).To(ContainSubstring("Deployment " + e.Namespace + "/cognigy-operator does not watch this namespace"))
	})
})
