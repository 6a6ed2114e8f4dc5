// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/controller"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// A sweep that is not complete counts nothing; what Cognigy hides from the user does not keep one from being complete.
func TestSweepFails(t *testing.T) {
	e := newEnvironment(t)
	connection, other, hidden := e.Connection(), e.Cognigy.AddEndpoint("project", "other"), e.Cognigy.AddEndpoint("project", "hidden")
	e.orphan(e.Endpoint)
	e.orphan(hidden)
	refuse := simulator.Fault{Method: http.MethodGet, Route: simulator.RouteKeys, EndpointID: hidden.ID, Kind: simulator.FaultStatus, Status: 403, Code: 403}
	e.Cognigy.Inject(refuse)
	e.Cognigy.Inject(simulator.Fault{Method: http.MethodGet, Route: simulator.RouteKeys, EndpointID: other.ID, Kind: simulator.FaultStatus, Status: 500, Code: 1008})
	e.awaitScans(func(g Gomega) { g.Expect(e.listsOf(other)).To(BeNumerically(">", 4)) }) // each time it is asked four times
	e.Expect(cluster.Get(e.Context, clientKey(connection), connection)).To(Succeed())
	e.Expect(connection.Status.Orphans).To(BeNil())
	e.Cognigy.ClearFaults()
	e.Cognigy.Inject(refuse)
	e.awaitOrphans(connection, 1)
}

// However many orphans Cognigy lists, a bounded number is remembered and reported.
func TestManyOrphans(t *testing.T) {
	e := newEnvironment(t)
	// No sweep comes before all of them are there.
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
	e.awaitEvent(v1alpha1.EventOrphaned, "new orphans: 1000.", ", ...")
}

// A user who may not list Endpoints may still manage the keys of some: those that resources refer to.
func TestSweepWithoutList(t *testing.T) {
	e := newEnvironment(t)
	e.Cognigy.Inject(simulator.Fault{Method: http.MethodGet, Route: simulator.RouteEndpoints, Kind: simulator.FaultStatus, Status: 403, Code: 403})
	spare := e.Cognigy.AddEndpoint("project", "spare")
	e.orphan(spare)
	e.orphan(e.Endpoint)
	e.issued()
	e.awaitOrphans(e.Connection(), 1)
	e.Expect(e.listsOf(spare)).To(BeZero())
}

// scanWith sweeps the connection once, as the operator of a cluster "another" that reads with live what it must not read from a
// cache. There is one orphan of that cluster's.
func (e *environment) scanWith(live client.Reader) (orphan simulator.Entry, told chan string, err error) {
	e.t.Helper()
	found := e.Connection()
	e.AwaitReady(found)
	orphan, _ = e.Cognigy.AddKey(e.Endpoint.ID, plan.KeyName("x", plan.Marker("another", "gone")))
	recorder, now := events.NewFakeRecorder(16), testclock.NewFakePassiveClock(time.Now())
	r := &controller.OrphanReconciler{
		Client: cluster, Live: live, Connections: &connection.Resolver{Client: cluster}, Events: recorder, Clock: now,
		New:     func() v1alpha1.Connection { return &v1alpha1.CognigyConnection{} },
		Cluster: "another", DriftInterval: time.Minute,
	}
	request := ctrl.Request{NamespacedName: clientKey(found)}
	result, err := r.Reconcile(e.Context, request)
	e.Expect(err).NotTo(HaveOccurred())
	e.Expect(result.RequeueAfter).To(BeNumerically("~", time.Minute, 7*time.Second), "the first sweep is not at once")
	now.SetTime(now.Now().Add(result.RequeueAfter))
	_, err = r.Reconcile(e.Context, request)
	return orphan, recorder.Events, err
}

// Without the permission to see all resources, any key may have one: nothing is an orphan, and the event says what to do.
func TestSweepWithoutPermission(t *testing.T) {
	e := newEnvironment(t)
	config := rest.CopyConfig(admin)
	config.Impersonate.UserName = "nobody"
	nobody, err := installation.NewClient(config)
	e.Expect(err).NotTo(HaveOccurred())
	_, told, err := e.scanWith(nobody)
	e.Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
	e.Expect(told).To(Receive(And(
		ContainSubstring(v1alpha1.EventOrphansUnknown), ContainSubstring("allow the operator to list endpointapikeys and secrets in all namespaces"),
	)))
	e.Expect(told).NotTo(Receive())
}

// during does something while the API server is asked for the resources that exist.
type during struct {
	client.Reader
	do func()
}

func (d during) List(ctx context.Context, list client.ObjectList, which ...client.ListOption) error {
	d.do()
	return d.Reader.List(ctx, list, which...)
}

// A resource that is deleted in the middle of a sweep has revoked its keys, which is nothing to warn of.
func TestOrphanGoesDuringSweep(t *testing.T) {
	e := newEnvironment(t)
	orphan, told, err := e.scanWith(cluster)
	e.Expect(err).NotTo(HaveOccurred())
	e.Expect(told).To(Receive(ContainSubstring(orphan.ID)))
	_, told, err = e.scanWith(during{Reader: cluster, do: func() {
		for _, entry := range e.Cognigy.Live(e.Endpoint.ID) {
			e.Cognigy.RevokeKey(entry.ID)
		}
	}})
	e.Expect(err).NotTo(HaveOccurred())
	e.Expect(told).NotTo(Receive())
}
