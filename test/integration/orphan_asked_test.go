// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/controller/orphan"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// ask has a connection's orphans revoked that a person names.
func (e *environment) ask(connection v1alpha1.Connection, value string) {
	GinkgoHelper()
	e.Change(connection, func() { connection.SetAnnotations(map[string]string{v1alpha1.RevokeOrphansAnnotation: value}) })
}

// answers waits until the operator has handled a request, and returns what became of each key.
func (e *environment) answers(connection v1alpha1.Connection, value string) map[string]v1alpha1.OrphanRevocation {
	GinkgoHelper()
	e.awaitScans(func(g Gomega) {
		g.Expect(cluster.Get(e.Context, clientKey(connection), connection)).To(Succeed())
		g.Expect(connection.GetConnectionStatus().LastHandledRevokeOrphans).To(Equal(value))
	})
	return revocations(connection)
}

func revocations(connection v1alpha1.Connection) map[string]v1alpha1.OrphanRevocation {
	found := map[string]v1alpha1.OrphanRevocation{}
	for _, each := range connection.GetConnectionStatus().OrphanRevocations {
		found[each.KeyID] = each
	}
	return found
}

// pending is the report of a key that the operator goes on to try to revoke.
func pending(says string) gomegatypes.GomegaMatcher {
	return And(HaveField("Result", v1alpha1.RevocationPending), HaveField("Message", ContainSubstring(says)))
}

// denied is the report of a key that the operator does not revoke.
func denied(says string) gomegatypes.GomegaMatcher {
	return And(HaveField("Result", v1alpha1.RevocationDenied), HaveField("Message", ContainSubstring(says)))
}

var _ = Describe("An orphan that a person names", Label("orphans"), func() {
	It("is revoked with orphanPolicy Report, and no other key is, whatever is named", func() {
		e := newEnvironment()
		connection, key := e.Connection(), e.issued()
		retained := e.issued(func(k *v1alpha1.EndpointAPIKey) {
			k.Name, k.Spec.DeletionPolicy = "retained", v1alpha1.DeletionPolicyRetain
		})
		retainedID := e.Read(retained).Status.KeyID
		e.Delete(retained)
		e.AwaitAbsent(retained)
		named, other := e.orphan(e.Endpoint), e.orphan(e.Endpoint)
		elsewhere, _ := e.AddKey(e.Endpoint.ID, plan.Marker("another", plan.Owner{Namespace: e.Namespace, UID: "gone"}))
		byHand, _ := e.Cognigy.AddKey(e.Endpoint.ID, "made by hand")
		owned, neighbours, absent := e.Read(key).Status.KeyID, e.neighbour(), strings.Repeat("0", 24)
		e.awaitOrphans(connection, 2)

		value := strings.Join([]string{named.ID, owned, neighbours, retainedID, elsewhere.ID, byHand.ID, absent, "nonsense"}, ",")
		e.ask(connection, value)
		found := e.answers(connection, value)
		e.Expect(found).To(HaveLen(8))
		e.Expect(found[named.ID].Result).To(Equal(v1alpha1.RevocationDone))
		for id, says := range map[string]string{
			owned: "EndpointAPIKey exists", neighbours: "EndpointAPIKey exists", retainedID: "a Secret", elsewhere.ID: "another cluster",
			byHand.ID: "a person made it", absent: "never was there", "nonsense": "no id of a key",
		} {
			e.Expect(found[id]).To(denied(says), id)
		}
		e.Expect(e.isLive(named.ID)).To(BeFalse())
		e.awaitEvent(v1alpha1.EventOrphanRevoked, named.ID, named.Preview)
		e.awaitEvent(v1alpha1.EventOrphanNotRevoked, owned, "does not revoke 7 keys")
		e.awaitOrphans(connection, 1)
		// The annotation that stays, as GitOps tools leave it, asks for nothing more.
		e.awaitScanCount(2)
		for _, id := range []string{owned, neighbours, retainedID, elsewhere.ID, byHand.ID, other.ID} {
			e.Expect(e.isLive(id)).To(BeTrue(), id)
		}
		e.Expect(e.answers(connection, value)).To(Equal(found))

		again := named.ID + ", " + other.ID + " 2026-11-22T10:00:00Z"
		e.ask(connection, again)
		found = e.answers(connection, again)
		e.Expect(found).To(HaveLen(2))
		e.Expect(found[named.ID]).To(denied("revoked already"))
		e.Expect(found[other.ID].Result).To(Equal(v1alpha1.RevocationDone))
		e.awaitOrphans(connection, 0)
		e.Change(connection, func() { connection.Annotations = nil })
		e.Expect(e.answers(connection, "")).To(BeEmpty())
	})

	It("is revoked through a ClusterCognigyConnection, too", Serial, func() {
		e := newEnvironment()
		connection, _ := e.clusterConnection()
		orphan := e.orphan(e.Endpoint)
		e.ask(connection, orphan.ID)
		e.Expect(e.answers(connection, orphan.ID)[orphan.ID].Result).To(Equal(v1alpha1.RevocationDone))
		e.Expect(e.isLive(orphan.ID)).To(BeFalse())
	})

	It("is revoked once Cognigy does so, by the operator that runs then", func() {
		e := newEnvironment()
		connection, orphan := e.Connection(), e.orphan(e.Endpoint)
		e.Cognigy.Inject(simulator.Fault{Method: http.MethodDelete, Kind: simulator.FaultStatus, Status: 503})
		e.ask(connection, orphan.ID)
		e.awaitScans(func(g Gomega) {
			g.Expect(cluster.Get(e.Context, clientKey(connection), connection)).To(Succeed())
			g.Expect(revocations(connection)[orphan.ID]).To(pending("could not revoke the key"))
		})
		e.Expect(connection.Status.LastHandledRevokeOrphans).To(BeEmpty())
		e.stopOperator()
		e.Cognigy.ClearFaults()
		e.restartOperator()
		e.Expect(e.answers(connection, orphan.ID)[orphan.ID].Result).To(Equal(v1alpha1.RevocationDone))
		e.Expect(e.isLive(orphan.ID)).To(BeFalse())
	})

	It("stays where nothing is scanned, and where more are named than the operator looks at", func() {
		e := newEnvironment()
		connection, orphan := e.Connection(), e.orphan(e.Endpoint)
		value := orphan.ID
		for i := range v1alpha1.MaxRevocations {
			value += fmt.Sprintf(",%024d", i)
		}
		e.ask(connection, value)
		e.Expect(e.answers(connection, value)[orphan.ID]).To(denied("more than 50 keys"))
		e.Change(connection, func() { connection.Spec.OrphanPolicy = v1alpha1.OrphanPolicyIgnore })
		e.ask(connection, orphan.ID)
		e.Expect(e.answers(connection, orphan.ID)[orphan.ID]).To(denied("orphanPolicy is Ignore"))
		e.Expect(e.isLive(orphan.ID)).To(BeTrue())
	})
})

// askedScan is the scan of an operator of a cluster "another", which has one orphan, in place of the spec's own.
type askedScan struct {
	*environment
	*orphan.Reconciler
	connection *v1alpha1.CognigyConnection
	orphan     simulator.Entry
	clock      *testclock.FakePassiveClock
}

func newAskedScan() *askedScan {
	GinkgoHelper()
	e := newEnvironment()
	e.AwaitReady(e.Connection())
	e.stopOperator()
	entry, _ := e.AddKey(e.Endpoint.ID, plan.Marker("another", plan.Owner{Namespace: e.Namespace, UID: "gone"}))
	now := testclock.NewFakePassiveClock(time.Now().Add(time.Hour))
	return &askedScan{
		environment: e, Reconciler: scanner(cluster, events.NewFakeRecorder(16), now), orphan: entry, clock: now,
		connection: withoutScan(e.Environment, e.Connection().Name),
	}
}

// scan reconciles once, and returns what is reported then, and after how long the reconciler wants to go on.
func (s *askedScan) scan() (report v1alpha1.OrphanRevocation, again time.Duration) {
	GinkgoHelper()
	result, err := s.Reconcile(s.Context, ctrl.Request{NamespacedName: clientKey(s.connection)})
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(cluster.Get(s.Context, clientKey(s.connection), s.connection)).To(Succeed())
	return revocations(s.connection)[s.orphan.ID], result.RequeueAfter
}

var _ = Describe("The scan that a person asks for by naming an orphan", Label("orphans"), func() {
	It("begins at once, and revokes only what the scan before found, which a restart forgets", func() {
		s := newAskedScan()
		s.ask(s.connection, s.orphan.ID)
		report, again := s.scan()
		s.Expect(report).To(pending("one scan has found"))
		s.Expect(s.isLive(s.orphan.ID)).To(BeTrue())
		s.Expect(again).To(Equal(s.DriftInterval / 10))

		s.Reconciler = scanner(cluster, events.NewFakeRecorder(16), s.clock)
		_, again = s.scan()
		s.Expect(again).To(BeNumerically(">", 0), "whoever changes the annotation again and again causes no more scans")
		s.clock.SetTime(s.clock.Now().Add(again))
		report, again = s.scan()
		s.Expect(report).To(pending("one scan has found"), "another process knows of no scan before")
		s.clock.SetTime(s.clock.Now().Add(again + time.Second))
		report, _ = s.scan()
		s.Expect(report.Result).To(Equal(v1alpha1.RevocationDone))
		s.Expect(s.isLive(s.orphan.ID)).To(BeFalse())
	})

	It("is not the one that is under way", func() {
		s := newAskedScan()
		for range 9 {
			s.Cognigy.AddEndpoint("project", "another")
		}
		s.Clock = hurriedClock{s.clock}
		for finished := false; !finished; { // the scan before
			_, again := s.scan()
			finished = again > time.Second
		}
		s.clock.SetTime(s.clock.Now().Add(time.Hour))
		_, again := s.scan()
		s.Expect(again).To(BeNumerically("<", time.Second), "the scan has yielded")
		s.ask(s.connection, s.orphan.ID)
		for scanned := s.connection.Status.OrphanScan.Time; s.connection.Status.OrphanScan.Time.Equal(&scanned); {
			s.scan()
		}
		s.Expect(s.connection.Status.OrphanRevocations).To(BeEmpty())
		s.Expect(s.isLive(s.orphan.ID)).To(BeTrue())
		s.Clock = s.clock
		s.clock.SetTime(s.clock.Now().Add(s.DriftInterval))
		report, _ := s.scan()
		s.Expect(report.Result).To(Equal(v1alpha1.RevocationDone))
	})

	It("revokes nothing if the person takes the name back meanwhile", func() {
		s := newAskedScan()
		s.ask(s.connection, s.orphan.ID)
		_, again := s.scan()
		s.clock.SetTime(s.clock.Now().Add(again + time.Second))
		s.APIReader = interferes{Reader: cluster, do: func() {
			s.Change(s.connection, func() { s.connection.Annotations = nil })
		}}
		s.scan()
		s.Expect(s.isLive(s.orphan.ID)).To(BeTrue())
		s.Expect(s.connection.Status.OrphanRevocations).To(BeEmpty())
	})

	It("says which permission it lacks", func() {
		s := newAskedScan()
		config := rest.CopyConfig(bed.Config)
		config.Impersonate.UserName = "nobody"
		nobody, err := installation.NewClient(config)
		s.Expect(err).NotTo(HaveOccurred())
		s.APIReader = listsAs{Reader: cluster, lister: nobody}
		s.ask(s.connection, s.orphan.ID)
		_, err = s.Reconcile(s.Context, ctrl.Request{NamespacedName: clientKey(s.connection)})
		s.Expect(err).To(HaveOccurred())
		s.Expect(cluster.Get(s.Context, clientKey(s.connection), s.connection)).To(Succeed())
		s.Expect(revocations(s.connection)[s.orphan.ID]).To(pending("permit it to list endpointapikeys and secrets in all namespaces"))
		s.Expect(s.isLive(s.orphan.ID)).To(BeTrue())
	})
})
