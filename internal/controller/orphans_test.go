// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller_test

import (
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// sweeping is how long a test waits for what some sweeps bring about: they are six drift intervals apart.
const sweeping = 2 * patience

// orphan makes a key on an Endpoint whose resource does not exist.
func (w *world) orphan(endpoint simulator.Endpoint) simulator.Entry {
	made, _ := w.cognigy.AddKey(endpoint.ID, plan.KeyName("x", plan.Marker(clusterUID(w), "gone")))
	return made
}

// revoking makes the connection one that revokes orphans.
func (w *world) revoking() *v1alpha1.CognigyConnection {
	w.t.Helper()
	connection := w.connection()
	w.change(connection, func() { connection.Spec.OrphanPolicy = v1alpha1.OrphanPolicyRevoke })
	return connection
}

func (w *world) soonOrLate(check func(Gomega)) {
	w.t.Helper()
	w.Eventually(check).WithTimeout(sweeping).WithPolling(200 * time.Millisecond).Should(Succeed())
}

// counts waits for a connection to report a number of orphans.
func (w *world) counts(connection v1alpha1.Connection, want int32) {
	w.t.Helper()
	w.soonOrLate(func(g Gomega) {
		g.Expect(cluster.Get(w.ctx, clientKey(connection), connection)).To(Succeed())
		g.Expect(connection.GetConnectionStatus().Orphans).To(HaveValue(Equal(want)))
	})
}

// looks is how often an Endpoint was looked at that no resource refers to.
func (w *world) looks(endpoint simulator.Endpoint) int {
	count := 0
	for _, request := range w.cognigy.Requests() {
		if request.Method == http.MethodGet && request.Route == simulator.RouteKeys && request.EndpointID == endpoint.ID {
			count++
		}
	}
	return count
}

// sweeps waits until some sweeps have ended since it was called; one more has begun then.
func (w *world) sweeps(count int) {
	w.t.Helper()
	spare := w.cognigy.AddEndpoint("project", "spare")
	w.soonOrLate(func(g Gomega) { g.Expect(w.looks(spare)).To(BeNumerically(">", count)) })
}

func (w *world) lives(keyID string) bool {
	for _, entry := range w.cognigy.Live("") {
		if entry.ID == keyID {
			return true
		}
	}
	return false
}

// told waits for an event of a connection.
func (w *world) told(reason string, says ...string) {
	w.t.Helper()
	w.soonOrLate(func(g Gomega) {
		found := &corev1.EventList{}
		g.Expect(cluster.List(w.ctx, found, client.InNamespace(w.namespace))).To(Succeed())
		for _, text := range says {
			g.Expect(found.Items).To(ContainElement(And(
				HaveField("Reason", reason), HaveField("Message", ContainSubstring(text)),
				HaveField("InvolvedObject.Kind", "CognigyConnection"),
			)))
		}
	})
}

// By default orphans are counted and named, however long they are there, and nothing is revoked.
func TestOrphansAreReported(t *testing.T) {
	w := newWorld(t)
	connection := w.connection()
	orphan := w.orphan(w.endpoint)
	w.counts(connection, 1)
	w.told(v1alpha1.EventOrphaned, orphan.ID, w.endpoint.ID, "set orphanPolicy: Revoke")
	w.sweeps(3)
	w.Expect(w.lives(orphan.ID)).To(BeTrue())
	w.counts(connection, 1)
	w.cognigy.RevokeKey(orphan.ID)
	w.counts(connection, 0)
}

// A finalizer that was removed by force, while Cognigy could not revoke, leaves a key that works. Two sweeps later it does not.
func TestLastOrphan(t *testing.T) {
	w := newWorld(t)
	connection, key := w.revoking(), w.issued()
	value := string(w.secret(key).Data["api-key"])
	w.cognigy.Inject(simulator.Fault{Method: http.MethodDelete, Kind: simulator.FaultStatus, Status: 503})
	w.delete(key)
	w.change(key, func() { key.Finalizers = nil })
	w.disappears(key)
	elsewhere := w.orphan(w.cognigy.AddEndpoint("project", "no resource refers to this one"))
	w.counts(connection, 2)
	w.told(v1alpha1.EventOrphaned, elsewhere.ID, "if the next sweep shows them, too")
	w.Expect(w.cognigy.Works(w.endpoint.ID, value)).To(BeTrue())
	w.cognigy.ClearFaults()
	w.soonOrLate(func(g Gomega) { g.Expect(w.cognigy.Live("")).To(BeEmpty()) })
	w.told(v1alpha1.EventOrphanRevoked, elsewhere.ID, elsewhere.Preview)
	w.counts(connection, 0)
	for _, entry := range w.cognigy.Ledger() {
		w.Expect(entry.RevokedBy).To(Equal(simulator.RevokedByAPI))
	}
	w.Expect(w.posts()).To(Equal(1))
}

// One sweep is no reason to revoke: a key that only one of them shows stays.
func TestOrphansAreSeenTwice(t *testing.T) {
	w := newWorld(t)
	connection := w.revoking()
	first := w.orphan(w.endpoint)
	w.counts(connection, 1)
	second := w.orphan(w.endpoint)
	w.soonOrLate(func(g Gomega) { g.Expect(w.lives(first.ID)).To(BeFalse()) })
	w.counts(connection, 1)
	w.Expect(w.lives(second.ID)).To(BeTrue())
}

// Whatever is not certainly an orphan stays, even with Revoke: what people made, what another cluster made, what has a resource
// anywhere in this one, and what was retained, as long as a Secret records it.
func TestWhatIsNoOrphanStays(t *testing.T) {
	w := newWorld(t)
	connection := w.revoking()
	kept := map[string]string{"a resource of the connection": w.read(w.issued()).Status.KeyID}
	for why, name := range map[string]string{
		"made by hand":                "made by hand",
		"another cluster":             plan.KeyName("x", plan.Marker("another", "gone")),
		"renamed in Cognigy":          plan.KeyName("x", plan.Marker(clusterUID(w), "gone")) + " copy",
		"something like a marker":     "x " + plan.Marker(clusterUID(w), "gone")[:38],
		"a display name with markers": plan.KeyName(plan.Marker(clusterUID(w), "gone"), plan.Marker("another", "gone")),
	} {
		made, _ := w.cognigy.AddKey(w.endpoint.ID, name)
		kept[why] = made.ID
	}
	kept["another namespace"] = w.neighbour()
	retained := w.issued(func(k *v1alpha1.EndpointAPIKey) {
		k.Name, k.Spec.DeletionPolicy = "retained", v1alpha1.DeletionPolicyRetain
	})
	kept["retained"] = w.read(retained).Status.KeyID
	w.delete(retained)
	w.disappears(retained)
	w.sweeps(3)
	w.counts(connection, 0)
	for why, id := range kept {
		w.Expect(w.lives(id)).To(BeTrue(), why)
	}
	// Without its Secret, nobody can use a retained key, or find it again.
	w.delete(w.secret(retained))
	w.soonOrLate(func(g Gomega) { g.Expect(w.lives(kept["retained"])).To(BeFalse()) })
	delete(kept, "retained")
	for why, id := range kept {
		w.Expect(w.lives(id)).To(BeTrue(), why)
	}
}

// neighbour issues a key for the same Endpoint in another namespace, through another connection to the same Cognigy.
func (w *world) neighbour() (keyID string) {
	w.t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "neighbour-"}}
	w.create(namespace)
	credentials, connection, key := w.credentials(w.cognigy.APIKey()), w.connection(), w.key()
	for _, object := range []client.Object{credentials, connection, key} {
		object.SetNamespace(namespace.Name)
		w.create(object)
	}
	w.settles(key, 1)
	return w.read(key).Status.KeyID
}

// With Ignore, Cognigy is not asked, and there is no count: neither from the start nor left over.
func TestOrphansAreIgnored(t *testing.T) {
	w := newWorld(t)
	w.orphan(w.endpoint)
	connection := w.recreateConnection(w.cognigy.URL(), func(spec *v1alpha1.ConnectionSpec) { spec.OrphanPolicy = v1alpha1.OrphanPolicyIgnore })
	w.becomesReady(connection)
	before := w.looks(w.endpoint)
	w.remains(func(g Gomega) {
		g.Expect(cluster.Get(w.ctx, clientKey(connection), connection)).To(Succeed())
		g.Expect(connection.Status.Orphans).To(BeNil())
		g.Expect(w.looks(w.endpoint)).To(Equal(before))
	})
	w.change(connection, func() { connection.Spec.OrphanPolicy = v1alpha1.OrphanPolicyReport })
	w.counts(connection, 1)
	w.change(connection, func() { connection.Spec.OrphanPolicy = v1alpha1.OrphanPolicyIgnore })
	w.eventually(func(g Gomega) {
		g.Expect(cluster.Get(w.ctx, clientKey(connection), connection)).To(Succeed())
		g.Expect(connection.Status.Orphans).To(BeNil())
	})
}

// The other kind of connection has a reconciler of its own.
func TestOrphansOfClusterConnection(t *testing.T) {
	w := newWorld(t)
	connection, _ := w.clusterConnection(func(spec *v1alpha1.ClusterCognigyConnectionSpec) { spec.OrphanPolicy = v1alpha1.OrphanPolicyRevoke })
	orphan := w.orphan(w.endpoint)
	w.counts(connection, 1)
	w.soonOrLate(func(g Gomega) { g.Expect(w.lives(orphan.ID)).To(BeFalse()) })
	w.counts(connection, 0)
}
