// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"crypto/sha256"
	"fmt"
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

// awaitOtherIdentities waits for a connection to report a number of keys of other identities, and no orphan.
func (e *environment) awaitOtherIdentities(connection v1alpha1.Connection, want int32) *v1alpha1.OrphanScan {
	GinkgoHelper()
	e.awaitScans(func(g Gomega) {
		g.Expect(cluster.Get(e.Context, clientKey(connection), connection)).To(Succeed())
		g.Expect(connection.GetConnectionStatus().OrphanScan).To(And(HaveField("OtherIdentityCount", want), HaveField("Count", BeZero())))
	})
	return connection.GetConnectionStatus().OrphanScan
}

// issuedAs makes a key on an Endpoint, as this cluster did under another identity.
func (e *environment) issuedAs(identity string, owner *v1alpha1.EndpointAPIKey, endpoint simulator.Endpoint) simulator.Entry {
	made, _ := e.AddKey(endpoint.ID, plan.Marker(identity, plan.Owner{Namespace: owner.Namespace, UID: string(owner.UID)}))
	return made
}

func identityHash(identity string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(identity)))[:10]
}

var _ = Describe("A key that the cluster issued under another identity", Label("orphans"), func() {
	It("is named and never revoked, until --former-cluster-ids says whose it is", func() {
		e := newEnvironment()
		connection := e.revoking()
		key := e.issued(func(k *v1alpha1.EndpointAPIKey) { k.Spec.Rotation.Overlap.Duration = time.Hour })
		left := e.Cognigy.Ledger()[0]
		e.awaitOtherIdentities(connection, 0)

		e.restartOperator("--cluster-id=renamed")
		e.Await(func(g Gomega) {
			g.Expect(e.Posts()).To(Equal(2))
			g.Expect(e.Read(key).Status.KeyID).To(Equal(e.Cognigy.Ledger()[1].ID))
		})
		scan := e.awaitOtherIdentities(connection, 1)
		e.Expect(scan.OtherIdentityHashes).To(Equal([]string{identityHash(e.ClusterUID)}))
		e.awaitEvent(v1alpha1.EventOtherIdentity, left.ID+" of Endpoint "+e.Endpoint.ID, "--former-cluster-ids")
		e.awaitScanCount(3)
		e.Expect(e.isLive(left.ID)).To(BeTrue())
		e.awaitOtherIdentities(connection, 1)

		e.restartOperator("--cluster-id=renamed", "--former-cluster-ids="+e.ClusterUID)
		scan = e.awaitOtherIdentities(connection, 0)
		e.Expect(scan.OtherIdentityHashes).To(BeEmpty())
		e.Await(func(g Gomega) { g.Expect(e.Read(key).Status.Retiring).To(ConsistOf(HaveField("KeyID", left.ID))) })
		e.Expect(e.isLive(left.ID)).To(BeTrue(), "workloads may use it for one overlap more")
		e.Change(key, func() { key.Spec.Rotation.Overlap.Duration = 0 })
		e.Await(func(g Gomega) { g.Expect(e.isLive(left.ID)).To(BeFalse()) })
		e.Expect(e.isLive(e.Cognigy.Ledger()[1].ID)).To(BeTrue())
		e.Expect(e.Posts()).To(Equal(2))
	})

	It("is counted wherever its own connection sees it, and by no other connection", func() {
		e := newEnvironment()
		neighbour, connection, key := e.Neighbour().Connection(), e.Connection(), e.issued()
		elsewhere := e.Cognigy.AddEndpoint("project", "no resource refers to this one")
		for i := range 6 {
			e.issuedAs(fmt.Sprint("on its Endpoint ", i), key, e.Endpoint)
			e.issuedAs(fmt.Sprint("elsewhere ", i), key, elsewhere)
		}
		// The resource of this one is unknown here, so that it is another cluster's.
		gone := key.DeepCopy()
		gone.UID = "gone"
		e.issuedAs("elsewhere 0", gone, elsewhere)
		scan := e.awaitOtherIdentities(connection, 12)
		e.Expect(scan.OtherIdentityHashes).To(HaveLen(v1alpha1.MaxIdentityHashes))
		e.awaitScans(func(g Gomega) {
			g.Expect(cluster.Get(e.Context, clientKey(neighbour), neighbour)).To(Succeed())
			g.Expect(neighbour.Status.OrphanScan).NotTo(BeNil())
			g.Expect(neighbour.Status.OrphanScan.Time.After(scan.Time.Time)).To(BeTrue(), "the neighbour's scan is the later one")
		})
		e.awaitOtherIdentities(neighbour, 0)
	})

	// Whoever uses the namespace default may read the events of a ClusterCognigyConnection.
	It("is named without its Endpoint by a ClusterCognigyConnection", Serial, func() {
		e := newEnvironment()
		connection, _ := e.clusterConnection()
		key := e.issued(func(k *v1alpha1.EndpointAPIKey) {
			k.Spec.ConnectionRef = v1alpha1.ConnectionReference{Kind: v1alpha1.ConnectionKindCluster, Name: v1alpha1.ObjectName(connection.Name)}
		})
		left := e.issuedAs("earlier", key, e.Endpoint)
		e.awaitOtherIdentities(connection, 1)
		e.awaitScans(func(g Gomega) {
			found := &corev1.EventList{}
			g.Expect(cluster.List(e.Context, found, client.InNamespace(metav1.NamespaceDefault))).To(Succeed())
			g.Expect(found.Items).To(ContainElement(And(
				HaveField("Reason", v1alpha1.EventOtherIdentity), HaveField("Message", ContainSubstring(left.ID)),
			)))
			g.Expect(found.Items).NotTo(ContainElement(HaveField("Message", ContainSubstring(e.Endpoint.ID))))
		})
	})
})
