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
	w := newWorld(t)
	connection, other, hidden := w.connection(), w.cognigy.AddEndpoint("project", "other"), w.cognigy.AddEndpoint("project", "hidden")
	w.orphan(w.endpoint)
	w.orphan(hidden)
	refuse := simulator.Fault{Method: http.MethodGet, Route: simulator.RouteKeys, EndpointID: hidden.ID, Kind: simulator.FaultStatus, Status: 403, Code: 403}
	w.cognigy.Inject(refuse)
	w.cognigy.Inject(simulator.Fault{Method: http.MethodGet, Route: simulator.RouteKeys, EndpointID: other.ID, Kind: simulator.FaultStatus, Status: 500, Code: 1008})
	w.soonOrLate(func(g Gomega) { g.Expect(w.looks(other)).To(BeNumerically(">", 4)) }) // each time it is asked four times
	w.Expect(cluster.Get(w.ctx, clientKey(connection), connection)).To(Succeed())
	w.Expect(connection.Status.Orphans).To(BeNil())
	w.cognigy.ClearFaults()
	w.cognigy.Inject(refuse)
	w.counts(connection, 1)
}

// However many orphans Cognigy lists, a bounded number is remembered and reported.
func TestManyOrphans(t *testing.T) {
	w := newWorld(t)
	// No sweep comes before all of them are there.
	connection := w.recreateConnection(w.cognigy.URL(), func(spec *v1alpha1.ConnectionSpec) { spec.OrphanPolicy = v1alpha1.OrphanPolicyIgnore })
	w.becomesReady(connection)
	for range 11 {
		endpoint := w.cognigy.AddEndpoint("project", "crowded")
		for range 100 {
			w.orphan(endpoint)
		}
	}
	w.change(connection, func() { connection.Spec.OrphanPolicy = v1alpha1.OrphanPolicyReport })
	w.counts(connection, 1000)
	w.told(v1alpha1.EventOrphaned, "new orphans: 1000.", ", ...")
}

// A user who may not list Endpoints may still manage the keys of some: those that resources refer to.
func TestSweepWithoutList(t *testing.T) {
	w := newWorld(t)
	w.cognigy.Inject(simulator.Fault{Method: http.MethodGet, Route: simulator.RouteEndpoints, Kind: simulator.FaultStatus, Status: 403, Code: 403})
	spare := w.cognigy.AddEndpoint("project", "spare")
	w.orphan(spare)
	w.orphan(w.endpoint)
	w.issued()
	w.counts(w.connection(), 1)
	w.Expect(w.looks(spare)).To(BeZero())
}

// sweepWith sweeps the connection of a world once, as the operator of a cluster "another" that reads with live what it must not
// read from a cache. There is one orphan of that cluster's.
func (w *world) sweepWith(live client.Reader) (orphan simulator.Entry, told chan string, err error) {
	w.t.Helper()
	found := w.connection()
	w.becomesReady(found)
	orphan, _ = w.cognigy.AddKey(w.endpoint.ID, plan.KeyName("x", plan.Marker("another", "gone")))
	recorder, now := events.NewFakeRecorder(16), testclock.NewFakePassiveClock(time.Now())
	r := &controller.OrphanReconciler{
		Client: cluster, Live: live, Connections: &connection.Resolver{Client: cluster}, Events: recorder, Clock: now,
		New:     func() v1alpha1.Connection { return &v1alpha1.CognigyConnection{} },
		Cluster: "another", DriftInterval: time.Minute,
	}
	request := ctrl.Request{NamespacedName: clientKey(found)}
	result, err := r.Reconcile(w.ctx, request)
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(result.RequeueAfter).To(BeNumerically("~", time.Minute, 7*time.Second), "the first sweep is not at once")
	now.SetTime(now.Now().Add(result.RequeueAfter))
	_, err = r.Reconcile(w.ctx, request)
	return orphan, recorder.Events, err
}

// Without the permission to see all resources, any key may have one: nothing is an orphan, and the event says what to do.
func TestSweepWithoutPermission(t *testing.T) {
	w := newWorld(t)
	config := rest.CopyConfig(admin)
	config.Impersonate.UserName = "nobody"
	nobody, err := installation.NewClient(config)
	w.Expect(err).NotTo(HaveOccurred())
	_, told, err := w.sweepWith(nobody)
	w.Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
	w.Expect(told).To(Receive(And(
		ContainSubstring(v1alpha1.EventOrphansUnknown), ContainSubstring("allow the operator to list endpointapikeys and secrets in all namespaces"),
	)))
	w.Expect(told).NotTo(Receive())
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
	w := newWorld(t)
	orphan, told, err := w.sweepWith(cluster)
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(told).To(Receive(ContainSubstring(orphan.ID)))
	_, told, err = w.sweepWith(during{Reader: cluster, do: func() {
		for _, entry := range w.cognigy.Live(w.endpoint.ID) {
			w.cognigy.RevokeKey(entry.ID)
		}
	}})
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(told).NotTo(Receive())
}
