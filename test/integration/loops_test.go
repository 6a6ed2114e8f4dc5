// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

var _ = Describe("The operator issues no keys for ever", Label("issue"), func() {
	// It gets five keys. How many of them work until then depends on how often the operator sees a Secret that is intact. Once it does, exactly one of them works.
	It("when something empties the Secret each time", func() {
		e := newEnvironment()
		key := e.Key()
		e.Create(key)
		var latest map[string][]byte
		e.Await(func(g Gomega) {
			if secret := e.Secret(key); secret != nil && len(secret.Data) > 0 {
				data := secret.Data
				secret.Data = nil
				g.Expect(cluster.Update(e.Context, secret)).To(Succeed())
				latest = data
			}
			g.Expect(fixtures.Conditions(e.Read(key))).To(ContainElement(HaveField("Reason", v1alpha1.ReasonTooManyIssuances)))
		})
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(5)) })
		secret := e.Secret(key)
		e.Change(secret, func() { secret.Data = latest })
		e.AwaitDelivered(key, 1)
		e.Expect(e.Cognigy.Live("")).To(HaveLen(1), "every other key is revoked")
		e.Expect(e.Posts()).To(Equal(5))
	})

	// Each key has time to appear, and the issuance budget bounds what comes of a Cognigy that forgets them all.
	It("when lists never show its keys", func() {
		e := newEnvironment(shortTimeouts)
		e.Cognigy.Inject(simulator.Fault{
			Method: http.MethodGet, Route: simulator.RouteKeys, Kind: simulator.FaultStatus, Status: 200,
			ContentType: "application/json", Body: "[]",
		})
		key := e.Key()
		e.Create(key)
		e.Eventually(func(g Gomega) {
			g.Expect(fixtures.Conditions(e.Read(key))).To(ContainElement(HaveField("Reason", v1alpha1.ReasonTooManyIssuances)))
		}).WithTimeout(3 * patience).WithPolling(time.Second).Should(Succeed())
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(5)) })
		// Once the list is right again, all but the last are revoked, and nothing else is made.
		e.Cognigy.ClearFaults()
		e.AwaitDelivered(key, 1)
		e.Expect(e.Posts()).To(Equal(5))
	})

	// Times that decide are the operator's own.
	DescribeTable("when the clock of Cognigy is an hour", func(off time.Duration) {
		e := newEnvironmentWith(simulator.Options{TLS: true, Now: func() time.Time { return time.Now().Add(off) }})
		key := e.issued()
		old := string(e.Secret(key).Data["api-key"])
		e.Change(key, func() {
			key.Spec.Rotation = &v1alpha1.Rotation{
				Every: &metav1.Duration{Duration: time.Hour}, NotBefore: later(), Overlap: &metav1.Duration{Duration: 20 * time.Second},
			}
		})
		e.Await(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
		e.Expect(e.Cognigy.Works(e.Endpoint.ID, old)).To(BeTrue())
		e.AwaitDelivered(key, 1)
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
	},
		Entry("ahead", time.Hour),
		Entry("behind", -time.Hour),
	)

	It("when a rotation is due at an instant", func() {
		e := newEnvironment()
		at := metav1.NewTime(time.Now().Add(8 * time.Second)).Rfc3339Copy()
		key := e.issued(func(k *v1alpha1.EndpointAPIKey) {
			k.Spec.Rotation = &v1alpha1.Rotation{NotBefore: &at, Overlap: &metav1.Duration{}}
		})
		e.Expect(e.Read(key).Status.RotatesAt.Time).To(BeTemporally("==", at.Time))
		e.Await(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
		e.Expect(e.Cognigy.Ledger()[1].CreatedAt).To(BeTemporally(">=", at.Time))
		e.AwaitDelivered(key, 1)
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
	})

	// The operator's clock was put back since: a key that Cognigy lists proves itself.
	It("when the Secret records an issuance in the future, and Cognigy lists its key", func() {
		e := newEnvironment()
		key := e.issued()
		secret := e.Secret(key)
		value := string(secret.Data["api-key"])
		e.forgeRecord(secret, key, value, func(record *delivery.Record) { record.IssuedAt = time.Now().Add(24 * time.Hour) })
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(1)) })
		e.AwaitDelivered(key, 1)
		e.Expect(e.Cognigy.Works(e.Endpoint.ID, value)).To(BeTrue())
	})

	// It is forged, and does not put off for ever what counts from it.
	It("when the Secret records an issuance in the future, of a key that Cognigy does not list", func() {
		e := newEnvironment()
		key := e.issued()
		secret := e.Secret(key)
		value := string(secret.Data["api-key"])
		e.forgeRecord(secret, key, value, func(record *delivery.Record) {
			record.KeyID, record.IssuedAt = "65a1c0ffee0123456789abcd", time.Now().Add(24*time.Hour)
		})
		e.Await(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
		e.AwaitDelivered(key, 1)
		e.Expect(e.Cognigy.Works(e.Endpoint.ID, value)).To(BeFalse())
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
	})
})

var _ = Describe("An attempt to issue a key", Label("issue"), func() {
	It("keeps the deadline that was recorded when timeouts become shorter", func() {
		const allowed = 8 * time.Second
		e := newEnvironment(shortTimeouts)
		key := e.Key(func(k *v1alpha1.EndpointAPIKey) {
			k.Spec.ConnectionRef.Name, k.Finalizers = "later", []string{v1alpha1.Finalizer}
		})
		e.Create(key)
		began := metav1.NowMicro()
		e.Eventually(func() error {
			if err := cluster.Get(e.Context, types.NamespacedName{Namespace: key.Namespace, Name: key.Name}, key); err != nil {
				return err
			}
			deadline := metav1.NewMicroTime(began.Add(allowed))
			key.Status.Issuance = &v1alpha1.Issuance{StartedAt: began, Deadline: &deadline}
			return cluster.Status().Update(e.Context, key)
		}).WithTimeout(patience).Should(Succeed())
		connection := e.Connection()
		connection.Name = "later"
		e.Create(connection)
		e.AwaitDelivered(key, 1)
		e.Expect(e.Cognigy.Requests()).NotTo(BeEmpty())
		for _, request := range e.Cognigy.Requests() {
			if request.Method == http.MethodPost {
				e.Expect(request.At).To(BeTemporally(">=", began.Add(allowed)))
			}
		}
	})
})
