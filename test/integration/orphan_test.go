// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// orphan makes a key on an Endpoint whose resource does not exist.
func (e *environment) orphan(endpoint simulator.Endpoint) simulator.Entry {
	made, _ := e.AddKey(endpoint.ID, e.Marker("gone"))
	return made
}

// revoking makes the connection one that revokes orphans.
func (e *environment) revoking() *v1alpha1.CognigyConnection {
	GinkgoHelper()
	connection := e.Connection()
	e.Change(connection, func() { connection.Spec.OrphanPolicy = v1alpha1.OrphanPolicyRevoke })
	return connection
}

// awaitScans waits for what some scans do.
func (e *environment) awaitScans(check func(Gomega)) {
	GinkgoHelper()
	e.Eventually(check).WithTimeout(patience).WithPolling(200 * time.Millisecond).Should(Succeed())
}

// awaitOrphans waits for a connection to report a number of orphans.
func (e *environment) awaitOrphans(connection v1alpha1.Connection, want int32) {
	GinkgoHelper()
	e.awaitScans(func(g Gomega) {
		g.Expect(cluster.Get(e.Context, clientKey(connection), connection)).To(Succeed())
		g.Expect(connection.GetConnectionStatus().OrphanScan).To(HaveField("Count", want))
	})
}

// listsOf counts the LISTs of the keys of an Endpoint.
func (e *environment) listsOf(endpoint simulator.Endpoint) int {
	count := 0
	for _, request := range e.Cognigy.Requests() {
		if request.Method == http.MethodGet && request.Route == simulator.RouteKeys && request.EndpointID == endpoint.ID {
			count++
		}
	}
	return count
}

// awaitScanCount waits until a number of scans have ended; one more has begun then.
func (e *environment) awaitScanCount(count int) {
	GinkgoHelper()
	spare := e.Cognigy.AddEndpoint("project", "spare")
	e.awaitScans(func(g Gomega) { g.Expect(e.listsOf(spare)).To(BeNumerically(">", count)) })
}

// isLive reports whether a key works.
func (e *environment) isLive(keyID string) bool {
	for _, entry := range e.Cognigy.Live("") {
		if entry.ID == keyID {
			return true
		}
	}
	return false
}

// awaitEvent waits for an event of a connection.
func (e *environment) awaitEvent(reason string, says ...string) {
	GinkgoHelper()
	e.awaitScans(func(g Gomega) {
		found := &corev1.EventList{}
		g.Expect(cluster.List(e.Context, found, client.InNamespace(e.Namespace))).To(Succeed())
		for _, text := range says {
			g.Expect(found.Items).To(ContainElement(And(
				HaveField("Reason", reason), HaveField("Message", ContainSubstring(text)),
				HaveField("InvolvedObject.Kind", "CognigyConnection"),
			)))
		}
	})
}

var _ = Describe("An orphan", Label("orphans"), func() {
	It("is reported, and by default never revoked", func() {
		e := newEnvironment()
		connection := e.Connection()
		orphan := e.orphan(e.Endpoint)
		e.awaitOrphans(connection, 1)
		e.awaitEvent(v1alpha1.EventOrphaned, orphan.ID, e.Endpoint.ID, "set orphanPolicy: Revoke")
		e.awaitScanCount(3)
		e.Expect(e.isLive(orphan.ID)).To(BeTrue())
		e.awaitOrphans(connection, 1)
		e.Cognigy.RevokeKey(orphan.ID)
		e.awaitOrphans(connection, 0)
	})

	// Someone removes a finalizer by force while Cognigy cannot revoke, so that the key still works.
	It("is revoked by the second scan that finds it, with orphanPolicy Revoke", func() {
		e := newEnvironment()
		connection, key := e.revoking(), e.issued()
		value := string(e.Secret(key).Data["api-key"])
		e.deleteByForce(key)
		elsewhere := e.orphan(e.Cognigy.AddEndpoint("project", "no resource refers to this one"))
		e.awaitOrphans(connection, 2)
		e.awaitEvent(v1alpha1.EventOrphaned, elsewhere.ID, "the next scan finds again")
		e.Expect(e.Cognigy.Works(e.Endpoint.ID, value)).To(BeTrue())
		e.Cognigy.ClearFaults()
		e.awaitScans(func(g Gomega) { g.Expect(e.Cognigy.Live("")).To(BeEmpty()) })
		e.awaitEvent(v1alpha1.EventOrphanRevoked, elsewhere.ID, elsewhere.Preview)
		e.awaitOrphans(connection, 0)
		for _, entry := range e.Cognigy.Ledger() {
			e.Expect(entry.RevokedBy).To(Equal(simulator.RevokedByAPI))
		}
		e.Expect(e.Posts()).To(Equal(1))
	})

	It("is not revoked by the first scan that finds it", func() {
		e := newEnvironment()
		connection := e.revoking()
		first := e.orphan(e.Endpoint)
		e.awaitOrphans(connection, 1)
		second := e.orphan(e.Endpoint)
		e.awaitScans(func(g Gomega) { g.Expect(e.isLive(first.ID)).To(BeFalse()) })
		e.awaitOrphans(connection, 1)
		e.Expect(e.isLive(second.ID)).To(BeTrue())
	})

	It("is no key of a person, of another cluster or of a resource, and none that a Secret records", func() {
		e := newEnvironment()
		connection := e.revoking()
		elsewhere := plan.Marker("another", plan.Owner{Namespace: e.Namespace, UID: "gone"})
		own := plan.KeyName("x", time.Now(), e.Marker("gone"))
		kept := map[string]string{"a resource of the connection": e.Read(e.issued()).Status.KeyID}
		for why, name := range map[string]string{
			"made by hand":                "made by hand",
			"another cluster":             plan.KeyName("x", time.Now(), elsewhere),
			"renamed in Cognigy":          own + " copy",
			"something like a marker":     own[:len(own)-1] + "g",
			"a display name with markers": plan.KeyName(e.Marker("gone"), time.Now(), elsewhere),
		} {
			made, _ := e.Cognigy.AddKey(e.Endpoint.ID, name)
			kept[why] = made.ID
		}
		kept["another namespace"] = e.neighbour()
		retained := e.issued(func(k *v1alpha1.EndpointAPIKey) {
			k.Name, k.Spec.DeletionPolicy = "retained", v1alpha1.DeletionPolicyRetain
		})
		kept["retained"] = e.Read(retained).Status.KeyID
		e.Delete(retained)
		e.AwaitAbsent(retained)
		e.awaitScanCount(3)
		e.awaitOrphans(connection, 0)
		for why, id := range kept {
			e.Expect(e.isLive(id)).To(BeTrue(), why)
		}
		// Without its Secret, a retained key is of no use and cannot be found again.
		e.Delete(e.Secret(retained))
		e.awaitScans(func(g Gomega) { g.Expect(e.isLive(kept["retained"])).To(BeFalse()) })
		delete(kept, "retained")
		for why, id := range kept {
			e.Expect(e.isLive(id)).To(BeTrue(), why)
		}
	})

	// Labels and annotations of a Secret are its namespace's business.
	It("is not hidden by what the Secret of another owner records", func() {
		e := newEnvironment()
		connection, orphan := e.Connection(), e.orphan(e.Endpoint)
		for _, namespace := range []string{e.Namespace, e.CreateNamespace()} {
			e.Create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{
				Namespace: namespace, Name: "forged", Labels: map[string]string{v1alpha1.SecretTypeLabel: v1alpha1.SecretTypeAPIKey},
				Annotations: map[string]string{v1alpha1.KeyIDAnnotation: orphan.ID, v1alpha1.OwnerUIDAnnotation: "another"},
			}})
		}
		e.awaitOrphans(connection, 1)
	})

	It("is not looked for with orphanPolicy Ignore", func() {
		e := newEnvironment()
		e.orphan(e.Endpoint)
		connection := e.recreateConnection(e.Cognigy.URL(), func(spec *v1alpha1.ConnectionSpec) { spec.OrphanPolicy = v1alpha1.OrphanPolicyIgnore })
		e.AwaitReady(connection)
		before := e.listsOf(e.Endpoint)
		e.remains(func(g Gomega) {
			g.Expect(cluster.Get(e.Context, clientKey(connection), connection)).To(Succeed())
			g.Expect(connection.Status.OrphanScan).To(BeNil())
			g.Expect(e.listsOf(e.Endpoint)).To(Equal(before))
		})
		e.Change(connection, func() { connection.Spec.OrphanPolicy = v1alpha1.OrphanPolicyReport })
		e.awaitOrphans(connection, 1)
		e.Change(connection, func() { connection.Spec.OrphanPolicy = v1alpha1.OrphanPolicyIgnore })
		e.Await(func(g Gomega) {
			g.Expect(cluster.Get(e.Context, clientKey(connection), connection)).To(Succeed())
			g.Expect(connection.Status.OrphanScan).To(BeNil())
		})
	})

	// The other kind of connection has a reconciler of its own.
	It("is found through a ClusterCognigyConnection, too", Serial, func() {
		e := newEnvironment()
		connection, _ := e.clusterConnection(func(spec *v1alpha1.ClusterCognigyConnectionSpec) { spec.OrphanPolicy = v1alpha1.OrphanPolicyRevoke })
		orphan := e.orphan(e.Endpoint)
		e.awaitOrphans(connection, 1)
		e.awaitScans(func(g Gomega) { g.Expect(e.isLive(orphan.ID)).To(BeFalse()) })
		e.awaitOrphans(connection, 0)
		// Whoever uses the namespace default may read these events.
		e.awaitScans(func(g Gomega) {
			found := &corev1.EventList{}
			g.Expect(cluster.List(e.Context, found, client.InNamespace(metav1.NamespaceDefault))).To(Succeed())
			for _, reason := range []string{v1alpha1.EventOrphaned, v1alpha1.EventOrphanRevoked} {
				g.Expect(found.Items).To(ContainElement(And(HaveField("Reason", reason), HaveField("Message", ContainSubstring(orphan.ID)))))
			}
			g.Expect(found.Items).NotTo(ContainElement(HaveField("Message", ContainSubstring(e.Endpoint.ID))))
		})
	})
})

// neighbour issues a key for the same Endpoint in another namespace, through another connection to the same Cognigy.
func (e *environment) neighbour() (keyID string) {
	GinkgoHelper()
	neighbour := e.Neighbour()
	key := neighbour.Key()
	neighbour.Create(key)
	return neighbour.AwaitDelivered(key, 1).Status.KeyID
}
