// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
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
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// backup is a namespace's objects as a backup tool keeps them.
type backup []client.Object

// save backs the namespace up: its credentials, connection, resource and the resource's Secret.
func (e *environment) save(key *v1alpha1.EndpointAPIKey) backup {
	GinkgoHelper()
	saved := backup{e.Credentials(""), e.Connection(), e.Secret(key).DeepCopy(), key.DeepCopy()}
	for _, object := range saved {
		e.Expect(cluster.Get(e.Context, clientKey(object), object)).To(Succeed())
		fixtures.Strip(object)
	}
	return saved
}

// restore creates what was saved. The API server drops the status of what is created.
func (e *environment) restore(saved backup) *v1alpha1.EndpointAPIKey {
	GinkgoHelper()
	for _, object := range saved {
		e.Create(object)
	}
	return saved[len(saved)-1].(*v1alpha1.EndpointAPIKey)
}

// lose removes a namespace's objects without the operator, as the end of a cluster does: nothing is revoked.
func (e *environment) lose(saved backup) {
	GinkgoHelper()
	for _, object := range saved {
		lost := object.DeepCopyObject().(client.Object)
		defer func() { e.AwaitAbsent(lost) }()
		e.Expect(client.IgnoreNotFound(cluster.Delete(e.Context, lost))).To(Succeed())
		if err := cluster.Get(e.Context, clientKey(lost), lost); err == nil {
			e.Change(lost, func() { lost.SetFinalizers(nil) })
		}
	}
}

// awaitAdopted waits until a resource is ready with a key that was issued for another one.
func (e *environment) awaitAdopted(key *v1alpha1.EndpointAPIKey, keyID string) *v1alpha1.EndpointAPIKey {
	GinkgoHelper()
	e.Await(func(g Gomega) {
		g.Expect(meta.IsStatusConditionTrue(e.Read(key).Status.Conditions, v1alpha1.ConditionReady)).To(BeTrue())
		g.Expect(e.Read(key).Status.KeyID).To(Equal(keyID))
	})
	return e.Read(key)
}

// apply puts the value and the annotations of an earlier Secret back, as kubectl apply does.
func (e *environment) apply(earlier *corev1.Secret) {
	GinkgoHelper()
	current := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: earlier.Namespace, Name: earlier.Name}}
	e.Change(current, func() { current.Data, current.Annotations = earlier.Data, earlier.Annotations })
}

func (e *environment) awaitKeyEvent(reason, says string) {
	GinkgoHelper()
	e.Await(func(g Gomega) {
		recorded := &eventsv1.EventList{}
		g.Expect(cluster.List(e.Context, recorded, client.InNamespace(e.Namespace))).To(Succeed())
		g.Expect(recorded.Items).To(ContainElement(And(HaveField("Reason", reason), HaveField("Note", ContainSubstring(says)))))
	})
}

func retained(key *v1alpha1.EndpointAPIKey) { key.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain }

var _ = describeBoth("A namespace that is restored from a backup", Label("backup"), func() {
	It("gets a new key where the one in the backup was revoked with its resource", func() {
		e := newEnvironment()
		key := e.issued()
		saved, old := e.save(key), string(e.Secret(key).Data["api-key"])
		e.Delete(key)
		e.AwaitGone(key)
		connection, credentials := e.Connection(), e.Credentials("")
		e.Delete(connection)
		e.Delete(credentials)
		e.AwaitAbsent(connection, credentials)
		restored := e.restore(saved)
		e.Await(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
		e.AwaitDelivered(restored, 1)
		e.Expect(e.Cognigy.Works(e.Endpoint.ID, old)).To(BeFalse())
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
	})

	It("keeps the key where that still works, and revokes it with the restored resource", func() {
		e := newEnvironment()
		key := e.issued()
		saved, old := e.save(key), e.Secret(key)
		e.stopOperator()
		e.lose(saved)
		restored := e.restore(saved)
		e.restartOperator()
		found := e.awaitAdopted(restored, e.Cognigy.Ledger()[0].ID)
		e.Expect(found.Status.FormerOwnerUIDs).To(Equal([]string{string(key.UID)}))
		e.Expect(e.Secret(restored).Data).To(Equal(old.Data))
		e.awaitKeyEvent(v1alpha1.EventAdopted, string(key.UID))
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(1)) })
		e.Delete(restored)
		e.AwaitGone(restored)
		e.Expect(e.Cognigy.Live("")).To(BeEmpty())
	})

	It("has the adopted key replaced and revoked when it is rotated", func() {
		e := newEnvironment()
		key := e.issued(retained)
		old := string(e.Secret(key).Data["api-key"])
		e.Delete(key)
		e.AwaitAbsent(key)
		again := e.Key()
		e.Create(again)
		e.awaitAdopted(again, e.Cognigy.Ledger()[0].ID)
		e.rotate(again, 0)
		e.Await(func(g Gomega) { g.Expect(e.Cognigy.Works(e.Endpoint.ID, old)).To(BeFalse()) })
		e.AwaitDelivered(again, 1)
		e.Expect(e.Posts()).To(Equal(2))
	})

	// Nobody can aim the operator at a key by a Secret that says so.
	It("leaves a key alone that another cluster issued, and says so", func() {
		e := newEnvironment()
		key := e.issued(retained)
		saved := e.save(key)
		e.stopOperator()
		e.lose(saved)
		elsewhere, plaintext := e.AddKey(e.Endpoint.ID, plan.Marker("another", plan.Owner{Namespace: e.Namespace, UID: string(key.UID)}))
		restored := e.restore(saved)
		secret := e.Secret(restored)
		e.Change(secret, func() {
			record := delivery.Record{
				OwnerUID: string(key.UID), KeyID: elsewhere.ID, Preview: elsewhere.Preview, EndpointID: e.Endpoint.ID, IssuedAt: elsewhere.CreatedAt,
			}
			*secret = *delivery.Compose(secret, key, record, plaintext, time.Now())
			secret.OwnerReferences = nil
		})
		e.restartOperator()
		e.AwaitDelivered(restored, 1)
		e.Expect(e.isLive(elsewhere.ID)).To(BeTrue())
		e.awaitKeyEvent(v1alpha1.EventLeft, elsewhere.ID)
		e.Change(restored, func() { restored.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRevoke })
		e.Delete(restored)
		e.AwaitGone(restored)
		e.Expect(e.isLive(elsewhere.ID)).To(BeTrue())
	})

	It("keeps the key of an identity that the cluster had before, with --former-cluster-ids", func() {
		e := newEnvironment()
		key := e.issued()
		e.restartOperator("--cluster-id=renamed", "--former-cluster-ids="+e.ClusterUID)
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(Equal(1)) })
		e.Delete(key)
		e.AwaitGone(key)
		e.Expect(e.Cognigy.Live("")).To(BeEmpty())
	})

	It("leaves the Secret of a resource that lives to that one", func() {
		e := newEnvironment()
		key := e.issued(retained)
		another := e.Key(fixtures.Named("another"), func(k *v1alpha1.EndpointAPIKey) { k.Spec.Secret.Name = v1alpha1.ObjectName(key.SecretName().Name) })
		e.Create(another)
		e.reports(another, v1alpha1.ReasonSecretNotOwned, status.FailedStatus)
		e.Expect(e.Posts()).To(Equal(1))
		e.AwaitDelivered(key, 1)
	})
})

var _ = Describe("An earlier Secret that is put back", Label("backup"), func() {
	It("has the key that it does not know retire one overlap from then", func() {
		e := newEnvironment()
		key := e.issued()
		earlier := e.Secret(key)
		const overlap = 20 * time.Second
		e.rotate(key, overlap)
		e.Await(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
		e.AwaitDelivered(key, 2)
		newer := string(e.Secret(key).Data["api-key"])
		e.Change(key, func() { key.Spec.Rotation.NotBefore = nil })
		put := time.Now()
		e.apply(earlier)
		e.Await(func(g Gomega) {
			found := e.Read(key)
			g.Expect(found.Status.KeyID).To(Equal(e.Cognigy.Ledger()[0].ID))
			g.Expect(found.Status.Retiring).To(HaveExactElements(HaveField("KeyID", e.Cognigy.Ledger()[1].ID)))
		})
		e.Await(func(g Gomega) { g.Expect(e.Cognigy.Works(e.Endpoint.ID, newer)).To(BeFalse()) })
		e.Expect(*e.Cognigy.Ledger()[1].RevokedAt).To(BeTemporally(">=", put.Add(overlap)))
		e.AwaitDelivered(key, 1)
		e.Expect(e.Posts()).To(Equal(2))
	})
})

var _ = Describe("Replaced keys", Label("rotation"), func() {
	It("end each one overlap after its own replacement, however often the resource is rotated", func() {
		e := newEnvironment()
		const overlap = 40 * time.Second
		key := e.issued(func(k *v1alpha1.EndpointAPIKey) { k.Spec.Rotation.Overlap.Duration = overlap })
		for rotation := range 3 {
			e.rotate(key, overlap)
			e.Await(func(g Gomega) { g.Expect(e.Posts()).To(Equal(rotation + 2)) })
		}
		ends := map[string]time.Time{}
		for _, replaced := range e.AwaitDelivered(key, 4).Status.Retiring {
			e.Expect(replaced.RevokeAt.Sub(replaced.ReplacedAt.Time)).To(Equal(overlap))
			ends[replaced.KeyID] = replaced.RevokeAt.Time
		}
		e.Await(func(g Gomega) { g.Expect(e.Read(key).Status.Retiring).To(BeEmpty()) })
		ledger := e.Cognigy.Ledger()
		for i, entry := range ledger[:3] {
			e.Expect(ends[entry.ID]).To(BeTemporally(">=", ledger[i+1].CreatedAt.Add(overlap).Truncate(time.Second)), entry.ID)
			e.Expect(entry.RevokedAt).NotTo(BeNil())
			e.Expect(*entry.RevokedAt).To(BeTemporally(">=", ends[entry.ID]), entry.ID)
		}
		e.AwaitDelivered(key, 1)
	})

	It("are kept for ten minutes where nobody says how long, also where a key is healed", func() {
		e := newEnvironment()
		key := e.issued(func(k *v1alpha1.EndpointAPIKey) { k.Spec.Rotation = nil })
		old := string(e.Secret(key).Data["api-key"])
		e.Delete(e.Secret(key))
		e.Await(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
		found := e.AwaitDelivered(key, 2)
		e.Expect(found.Status.Retiring).To(HaveLen(1))
		e.Expect(found.Status.Retiring[0].RevokeAt.Sub(found.Status.Retiring[0].ReplacedAt.Time)).To(Equal(10 * time.Minute))
		e.remains(func(g Gomega) { g.Expect(e.Cognigy.Works(e.Endpoint.ID, old)).To(BeTrue()) })
	})

	It("are named when their resource is deleted with deletionPolicy Retain", func() {
		e := newEnvironment()
		key := e.issued(retained)
		e.rotate(key, time.Hour)
		e.Await(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
		e.AwaitDelivered(key, 2)
		replaced := e.Cognigy.Ledger()[0]
		e.Delete(key)
		e.AwaitAbsent(key)
		e.awaitKeyEvent(v1alpha1.EventLeft, replaced.ID)
		e.Expect(e.isLive(replaced.ID)).To(BeTrue(), "workloads may use it")
	})
})

var _ = Describe("A record of a later version", Label("backup"), func() {
	It("is left as it is, and says to upgrade", func() {
		e := newEnvironment()
		key := e.issued()
		secret := e.Secret(key)
		e.Change(secret, func() { secret.Annotations[v1alpha1.RecordFormatAnnotation] = "2" })
		e.reports(key, v1alpha1.ReasonNewerRecord, status.FailedStatus, "Upgrade")
		e.remains(func(g Gomega) {
			g.Expect(e.Posts()).To(Equal(1))
			g.Expect(e.LiveKeys(key)).To(HaveLen(1))
		})
		e.Change(secret, func() { secret.Annotations[v1alpha1.RecordFormatAnnotation] = "1" })
		e.AwaitDelivered(key, 1)
	})
})

var _ = Describe("A refusal that something in front of Cognigy makes up after the effect", Label("outcome"), func() {
	It("leaves no key behind, and few are made", func() {
		e := newEnvironment(shortTimeouts)
		e.Cognigy.Inject(simulator.Fault{Method: "POST", Route: simulator.RouteKeys, Kind: simulator.FaultCommitThenStatus, Status: 403, Code: 403})
		key := e.Key()
		e.Create(key)
		e.reports(key, v1alpha1.ReasonForbidden, status.FailedStatus)
		e.Consistently(func(g Gomega) { g.Expect(len(e.LiveKeys(key))).To(BeNumerically("<=", 2)) }).
			WithTimeout(4 * quietTime).WithPolling(200 * time.Millisecond).Should(Succeed())
		e.Expect(e.Posts()).To(BeNumerically("<=", 5))
		e.Cognigy.ClearFaults()
		e.Await(func(g Gomega) { g.Expect(e.LiveKeys(key)).To(BeEmpty()) })
		e.Delete(key)
		e.AwaitGone(key)
	})
})
