// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// vanish has a resource disappear without the operator letting go of it: somebody removes its finalizer by force while Cognigy
// cannot revoke.
func (w *world) vanish(key *v1alpha1.EndpointAPIKey) {
	w.t.Helper()
	w.cognigy.Inject(simulator.Fault{Method: http.MethodDelete, Kind: simulator.FaultStatus, Status: 503})
	w.delete(key)
	w.change(key, func() { key.Finalizers = nil })
	w.disappears(key)
}

// A resource that vanished in spite of its finalizer took nothing along: the key is revoked all the same, without a policy for
// orphans, although its connection is gone by then and Cognigy was down for a while.
func TestVanished(t *testing.T) {
	w := newWorld(t)
	connection, key := w.connection(), w.issued()
	w.vanish(key)
	w.delete(connection)
	w.disappears(connection)
	w.Expect(w.liveKeys(key)).To(HaveLen(1))
	w.cognigy.ClearFaults()
	w.eventually(func(g Gomega) {
		g.Expect(w.liveKeys(key)).To(BeEmpty())
		g.Expect(w.secret(key)).To(BeNil())
	})
	w.Expect(w.cognigy.Ledger()[0].RevokedBy).To(Equal(simulator.RevokedByAPI))
}

// While the POST is on its way, a resource vanishes. The key that comes of it is revoked, also if its answer is lost.
func TestVanishedDuringIssue(t *testing.T) {
	for name, fault := range map[string]simulator.Fault{
		"the answer arrives": {Delay: requestTimeout / 2},
		"the answer is lost": {Kind: simulator.FaultCommitAfterDelay, Delay: requestTimeout + time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			fault.Method, fault.Route, fault.Times = http.MethodPost, simulator.RouteKeys, 1
			w.cognigy.Inject(fault)
			key := w.key()
			w.create(key)
			w.Eventually(w.posts).WithTimeout(patience).WithPolling(10 * time.Millisecond).Should(Equal(1))
			w.change(key, func() { key.Finalizers = nil })
			w.delete(key)
			w.disappears(key)
			w.eventually(func(g Gomega) {
				g.Expect(w.cognigy.Ledger()).To(HaveLen(1))
				g.Expect(w.liveKeys(key)).To(BeEmpty())
				g.Expect(w.secret(key)).To(BeNil())
			})
		})
	}
}

// Another resource of the same name has its own key, and the one of the resource that vanished is revoked.
func TestVanishedAndRecreated(t *testing.T) {
	w := newWorld(t)
	former := w.issued()
	w.vanish(former)
	key := w.key()
	w.create(key)
	w.cognigy.ClearFaults()
	w.settles(key, 1)
	w.eventually(func(g Gomega) { g.Expect(w.liveKeys(former)).To(BeEmpty()) })
	w.Expect(w.posts()).To(Equal(2))
}

// The credentials by which a key was made may be others by now.
func TestVanishedAndCredentialsSwapped(t *testing.T) {
	w := newWorld(t)
	key := w.issued()
	w.vanish(key)
	credentials := w.credentials("")
	w.cognigy.SetAPIKeys("another")
	w.change(credentials, func() { credentials.Data = map[string][]byte{"api-key": []byte("another")} })
	w.cognigy.ClearFaults()
	w.eventually(func(g Gomega) { g.Expect(w.liveKeys(key)).To(BeEmpty()) })
}

// A resource of the same name that has nothing to do itself does not keep the key of the former one alive.
func TestVanishedBesideASuspendedResource(t *testing.T) {
	w := newWorld(t)
	former := w.issued()
	w.vanish(former)
	key := w.key(func(k *v1alpha1.EndpointAPIKey) { k.Spec.Suspend = true })
	w.create(key)
	w.reports(key, v1alpha1.ReasonSuspended, status.InProgressStatus)
	w.cognigy.ClearFaults()
	w.eventually(func(g Gomega) { g.Expect(w.liveKeys(former)).To(BeEmpty()) })
	w.Expect(w.posts()).To(Equal(1))
}

// A Secret that somebody took from the resource, as kubectl delete --cascade=orphan does, is left to them with its key.
func TestVanishedButLeftBehind(t *testing.T) {
	w := newWorld(t)
	key := w.issued()
	secret := w.secret(key)
	value := string(secret.Data["api-key"])
	w.change(key, func() { key.Spec.Suspend = true })
	w.change(secret, func() { secret.OwnerReferences = nil })
	w.vanish(key)
	w.cognigy.ClearFaults()
	w.remains(func(g Gomega) {
		g.Expect(w.secret(key)).NotTo(BeNil())
		g.Expect(w.cognigy.Works(w.endpoint.ID, value)).To(BeTrue())
	})
}
