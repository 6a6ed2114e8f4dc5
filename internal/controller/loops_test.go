// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller_test

import (
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// Somebody who empties the Secret as often as it is written gets five keys, and the resource says why there are no more.
func TestSecretEmptiedForEver(t *testing.T) {
	w := newWorld(t)
	key := w.key()
	w.create(key)
	w.eventually(func(g Gomega) {
		if secret := w.secret(key); secret != nil && len(secret.Data) > 0 {
			secret.Data = nil
			g.Expect(cluster.Update(w.ctx, secret)).To(Succeed())
		}
		g.Expect(conditionsOf(w.read(key))).To(ContainElement(HaveField("Reason", v1alpha1.ReasonMintBudgetExhausted)))
	})
	w.remains(func(g Gomega) { g.Expect(w.posts()).To(Equal(5)) })
	w.Expect(len(w.liveKeys(key))).To(BeNumerically("<=", 2))
}

// A list that never shows what was made is no reason to make keys for ever: each is given time to appear, and the mint budget
// bounds what comes of a Cognigy that forgets them all.
func TestListNeverShowsKeys(t *testing.T) {
	w := newWorld(t)
	w.cognigy.Inject(simulator.Fault{
		Method: http.MethodGet, Route: simulator.RouteKeys, Kind: simulator.FaultStatus, Status: 200,
		ContentType: "application/json", Body: "[]",
	})
	key := w.key()
	w.create(key)
	w.Eventually(func(g Gomega) {
		g.Expect(conditionsOf(w.read(key))).To(ContainElement(HaveField("Reason", v1alpha1.ReasonMintBudgetExhausted)))
	}).WithTimeout(3 * patience).WithPolling(time.Second).Should(Succeed())
	w.remains(func(g Gomega) { g.Expect(w.posts()).To(Equal(5)) })
	// Once the list is right again, all but the last are revoked, and nothing else is made.
	w.cognigy.ClearFaults()
	w.settles(key, 1)
	w.Expect(w.posts()).To(Equal(5))
}

// Times that decide are the operator's own: a Cognigy whose clock is an hour off starts no loop, and loses no key.
func TestCognigysClockIsOff(t *testing.T) {
	for name, off := range map[string]time.Duration{"ahead": time.Hour, "behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			w := newWorldWith(t, simulator.Options{TLS: true, Now: func() time.Time { return time.Now().Add(off) }})
			key := w.issued()
			old := string(w.secret(key).Data["api-key"])
			w.change(key, func() {
				key.Spec.Rotation = &v1alpha1.Rotation{
					Every: &metav1.Duration{Duration: time.Hour}, NotBefore: later(), Overlap: &metav1.Duration{Duration: 5 * time.Second},
				}
			})
			w.eventually(func(g Gomega) { g.Expect(w.posts()).To(Equal(2)) })
			w.Expect(w.cognigy.Works(w.endpoint.ID, old)).To(BeTrue())
			w.settles(key, 1)
			w.remains(func(g Gomega) { g.Expect(w.posts()).To(Equal(2)) })
		})
	}
}

// An instant that has not come asks for nothing; when it has, it asks once.
func TestNotBeforeInTheFuture(t *testing.T) {
	w := newWorld(t)
	at := metav1.NewTime(time.Now().Add(8 * time.Second)).Rfc3339Copy()
	key := w.issued(func(k *v1alpha1.EndpointAPIKey) { k.Spec.Rotation = &v1alpha1.Rotation{NotBefore: &at} })
	w.Expect(w.read(key).Status.RotatesAt.Time).To(BeTemporally("==", at.Time))
	w.eventually(func(g Gomega) { g.Expect(w.posts()).To(Equal(2)) })
	w.Expect(w.cognigy.Ledger()[1].CreatedAt).To(BeTemporally(">=", at.Time))
	w.settles(key, 1)
	w.remains(func(g Gomega) { g.Expect(w.posts()).To(Equal(2)) })
}

// A record from the future, by a clock that was off or by somebody's hand, does not put off for ever what counts from it.
func TestRecordFromTheFuture(t *testing.T) {
	w := newWorld(t)
	key := w.issued()
	secret := w.secret(key)
	value := string(secret.Data["api-key"])
	w.change(secret, func() {
		record := delivery.Record{
			OwnerUID: string(key.UID), EndpointID: w.endpoint.ID, KeyID: secret.Annotations[v1alpha1.KeyIDAnnotation],
			Preview: delivery.Preview(secret), IssuedAt: time.Now().Add(24 * time.Hour),
		}
		delivery.Compose(secret, key, record, value).DeepCopyInto(secret)
	})
	w.eventually(func(g Gomega) { g.Expect(w.posts()).To(Equal(2)) })
	w.settles(key, 1)
	w.Expect(w.cognigy.Works(w.endpoint.ID, value)).To(BeFalse())
	w.remains(func(g Gomega) { g.Expect(w.posts()).To(Equal(2)) })
}

// A requestTimeout that was made shorter does not shorten what another process is in the middle of.
func TestAttemptKeepsItsDeadline(t *testing.T) {
	const allowed = 8 * time.Second
	w := newWorld(t)
	key := w.key(func(k *v1alpha1.EndpointAPIKey) {
		k.Spec.ConnectionRef.Name, k.Finalizers = "later", []string{v1alpha1.Finalizer}
	})
	w.create(key)
	began := metav1.NowMicro()
	w.Eventually(func() error {
		if err := cluster.Get(w.ctx, types.NamespacedName{Namespace: key.Namespace, Name: key.Name}, key); err != nil {
			return err
		}
		deadline := metav1.NewMicroTime(began.Add(allowed))
		key.Status.Issuance = &v1alpha1.Issuance{StartedAt: began, Deadline: &deadline}
		return cluster.Status().Update(w.ctx, key)
	}).WithTimeout(patience).Should(Succeed())
	connection := w.connection()
	connection.Name = "later"
	w.create(connection)
	w.settles(key, 1)
	w.Expect(w.cognigy.Requests()).NotTo(BeEmpty())
	for _, request := range w.cognigy.Requests() {
		if request.Method == http.MethodPost {
			w.Expect(request.At).To(BeTemporally(">=", began.Add(allowed)))
		}
	}
}
