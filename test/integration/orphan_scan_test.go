// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/controller/orphan"
	"github.com/cognigy-operator/cognigy-operator/internal/metrics"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

var _ = Describe("The scan for orphans", Label("orphans"), func() {
	It("reports nothing if it fails, and does not fail for what Cognigy hides from the user", func() {
		e := newEnvironment()
		connection, other, hidden := e.Connection(), e.Cognigy.AddEndpoint("project", "other"), e.Cognigy.AddEndpoint("project", "hidden")
		e.orphan(e.Endpoint)
		e.orphan(hidden)
		refuse := simulator.Fault{Method: http.MethodGet, Route: simulator.RouteKeys, EndpointID: hidden.ID, Kind: simulator.FaultStatus, Status: 403, Code: 403}
		e.Cognigy.Inject(refuse)
		e.Cognigy.Inject(simulator.Fault{Method: http.MethodGet, Route: simulator.RouteKeys, EndpointID: other.ID, Kind: simulator.FaultStatus, Status: 500, Code: 1008})
		e.awaitScans(func(g Gomega) { g.Expect(e.listsOf(other)).To(BeNumerically(">", 4)) }) // each time it is asked four times
		e.Expect(cluster.Get(e.Context, clientKey(connection), connection)).To(Succeed())
		e.Expect(connection.Status.OrphanScan).To(BeNil())
		e.Cognigy.ClearFaults()
		e.Cognigy.Inject(refuse)
		e.awaitOrphans(connection, 1)
	})

	It("remembers and reports a bounded number", func() {
		e := newEnvironment()
		// No scan precedes the last orphan.
		connection := e.recreateConnection(e.Cognigy.URL(), func(spec *v1alpha1.ConnectionSpec) { spec.OrphanPolicy = v1alpha1.OrphanPolicyIgnore })
		e.AwaitReady(connection)
		for range 11 {
			endpoint := e.Cognigy.AddEndpoint("project", "crowded")
			for range 100 {
				e.orphan(endpoint)
			}
		}
		e.Change(connection, func() { connection.Spec.OrphanPolicy = v1alpha1.OrphanPolicyReport })
		e.awaitOrphans(connection, 1000)
		e.awaitEvent(v1alpha1.EventOrphaned, "found 1000 new orphans", ", ...")
	})

	It("covers the Endpoints that resources refer to if the user may not list Endpoints", func() {
		e := newEnvironment()
		e.Cognigy.Inject(simulator.Fault{Method: http.MethodGet, Route: simulator.RouteEndpoints, Kind: simulator.FaultStatus, Status: 403, Code: 403})
		spare := e.Cognigy.AddEndpoint("project", "spare")
		e.orphan(spare)
		e.orphan(e.Endpoint)
		e.issued()
		e.awaitOrphans(e.Connection(), 1)
		e.Expect(e.listsOf(spare)).To(BeZero())
	})

	// Without it, the operator cannot tell which keys are orphans.
	It("reports nothing without permission to list all resources, and says what to permit", func() {
		e := newEnvironment()
		config := rest.CopyConfig(bed.Config)
		config.Impersonate.UserName = "nobody"
		nobody, err := installation.NewClient(config)
		e.Expect(err).NotTo(HaveOccurred())
		_, emitted, err := e.scanWith(listsAs{Reader: cluster, lister: nobody})
		e.Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
		e.Expect(emitted).To(Receive(And(
			ContainSubstring(v1alpha1.EventOrphansUnknown), ContainSubstring("permit it to list endpointapikeys and secrets in all namespaces"),
		)))
		e.Expect(emitted).NotTo(Receive())
	})

	// A resource that is deleted during a scan has its keys revoked.
	It("does not report a key that is revoked meanwhile", func() {
		e := newEnvironment()
		entry, emitted, err := e.scanWith(cluster)
		e.Expect(err).NotTo(HaveOccurred())
		e.Expect(emitted).To(Receive(ContainSubstring(entry.ID)))
		_, emitted, err = e.scanWith(interferes{Reader: cluster, do: func() {
			for _, entry := range e.Cognigy.Live(e.Endpoint.ID) {
				e.Cognigy.RevokeKey(entry.ID)
			}
		}})
		e.Expect(err).NotTo(HaveOccurred())
		e.Expect(emitted).NotTo(Receive())
	})
})

// scanWith scans through the connection once, as the operator of a cluster "another" whose API reader is the one given, in place of
// the spec's own. There is one orphan of that cluster.
func (e *environment) scanWith(reader client.Reader) (entry simulator.Entry, emitted chan string, err error) {
	GinkgoHelper()
	found := e.Connection()
	e.AwaitReady(found)
	e.stopOperator()
	e.Expect(cluster.Get(e.Context, clientKey(found), found)).To(Succeed())
	found.Status.OrphanScan = nil
	e.Expect(cluster.Status().Update(e.Context, found)).To(Succeed())
	entry, _ = e.AddKey(e.Endpoint.ID, plan.Marker("another", plan.Owner{Namespace: e.Namespace, UID: "gone"}))
	recorder, now := events.NewFakeRecorder(16), testclock.NewFakePassiveClock(time.Now())
	r := scanner(reader, recorder, now)
	request := ctrl.Request{NamespacedName: clientKey(found)}
	result, err := r.Reconcile(e.Context, request)
	e.Expect(err).NotTo(HaveOccurred())
	e.Expect(result.RequeueAfter).To(And(BeNumerically(">", 0), BeNumerically("<", 67*time.Second)), "the first scan does not begin at once")
	now.SetTime(now.Now().Add(result.RequeueAfter))
	_, err = r.Reconcile(e.Context, request)
	return entry, recorder.Events, err
}

// scanner returns the reconciler of an operator of a cluster "another" that scans through CognigyConnections.
func scanner(reader client.Reader, recorder events.EventRecorder, now clock.PassiveClock) *orphan.Reconciler {
	trail, err := audit.Open("", now)
	Expect(err).NotTo(HaveOccurred())
	return &orphan.Reconciler{
		Client: cluster, APIReader: reader, Events: recorder, Clock: now, Audit: trail, Metrics: metrics.New("test"),
		Connections: &connection.Resolver{Client: cluster, Clock: now, Hosts: ratelimit.NewHosts(nil)},
		Kind:        connection.Namespaced, Identity: plan.Identity{Cluster: "another"}, DriftInterval: time.Minute,
	}
}

// listsAs reads objects as one user, and lists them as another.
type listsAs struct {
	client.Reader
	lister client.Reader
}

func (l listsAs) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	return l.lister.List(ctx, list, options...)
}

// interferes does something before it lists objects.
type interferes struct {
	client.Reader
	do func()
}

func (i interferes) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	i.do()
	return i.Reader.List(ctx, list, options...)
}
