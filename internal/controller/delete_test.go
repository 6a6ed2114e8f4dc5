// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller_test

import (
	"net/http"
	"testing"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// Deletion revokes the key and removes the Secret before the resource is gone.
func TestDelete(t *testing.T) {
	w := newWorld(t)
	key := w.issued()
	value := string(w.secret(key).Data["api-key"])
	w.delete(key)
	w.gone(key)
	w.Expect(w.cognigy.Works(w.endpoint.ID, value)).To(BeFalse())
	w.Expect(w.cognigy.Ledger()[0].RevokedBy).To(Equal(simulator.RevokedByAPI))
	w.Expect(w.posts()).To(Equal(1))
}

// A resource that never got a key goes at once, without Cognigy.
func TestDeleteBeforeIssue(t *testing.T) {
	w := newWorld(t)
	key := w.key(func(k *v1alpha1.EndpointAPIKey) { k.Spec.ConnectionRef.Name = "nowhere" })
	w.create(key)
	w.eventually(func(g Gomega) {
		g.Expect(conditionsOf(w.read(key))).To(ContainElement(HaveField("Reason", v1alpha1.ReasonConnectionNotFound)))
	})
	w.delete(key)
	w.gone(key)
}

// As long as Cognigy cannot confirm that the key is gone, the resource stays and says what to do.
func TestDeleteBlocked(t *testing.T) {
	anything := func(status, code int) func(*world) {
		return func(w *world) {
			w.cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: status, Code: code})
		}
	}
	cases := map[string]func(*world){
		"Cognigy is down": anything(503, 503),
		// A proxy's 404 is not Cognigy's word.
		"a proxy answers 404":          anything(404, 0),
		"the credentials are rejected": func(w *world) { w.cognigy.SetAPIKeys("another") },
	}
	for name, block := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			key := w.issued()
			accepted := w.cognigy.APIKey()
			block(w)
			w.delete(key)
			w.eventually(func(g Gomega) {
				found := w.read(key)
				ready := meta.FindStatusCondition(found.Status.Conditions, v1alpha1.ConditionReady)
				g.Expect(ready.Reason).To(BeElementOf(v1alpha1.ReasonUnavailable, v1alpha1.ReasonUnexpectedAnswer,
					v1alpha1.ReasonUnauthorized, v1alpha1.ReasonConnectionNotReady), ready.Message)
				g.Expect(w.secret(key)).NotTo(BeNil())
			})
			w.remains(func(g Gomega) { g.Expect(w.read(key).Finalizers).To(ConsistOf(v1alpha1.Finalizer)) })
			w.cognigy.ClearFaults()
			w.cognigy.SetAPIKeys(accepted)
			w.gone(key)
		})
	}
}

// An Endpoint that Cognigy says is gone took its keys along.
func TestDeleteWithoutEndpoint(t *testing.T) {
	w := newWorld(t)
	key := w.issued()
	w.cognigy.RemoveEndpoint(w.endpoint.ID)
	w.delete(key)
	w.gone(key)
}

// Retain leaves key and Secret behind, and needs neither Cognigy nor the connection: it is the escape hatch.
func TestRetain(t *testing.T) {
	w := newWorld(t)
	key := w.issued()
	value := string(w.secret(key).Data["api-key"])
	w.cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: 503})
	w.delete(key)
	w.eventually(func(g Gomega) { g.Expect(w.read(key).DeletionTimestamp).NotTo(BeNil()) })
	w.change(key, func() { key.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain })
	w.eventually(func(g Gomega) {
		err := cluster.Get(w.ctx, clientKey(key), key.DeepCopy())
		g.Expect(apierrors.IsNotFound(err)).To(BeTrue())
	})
	w.remains(func(g Gomega) {
		secret := w.secret(key)
		g.Expect(secret).NotTo(BeNil())
		g.Expect(secret.OwnerReferences).To(BeEmpty())
		g.Expect(string(secret.Data["api-key"])).To(Equal(value))
		g.Expect(w.cognigy.Works(w.endpoint.ID, value)).To(BeTrue())
	})
}

// The Secret is detached as soon as that is asked for, although Cognigy is down or the resource suspended: the garbage collector
// does not wait for the operator when a deletion is in the foreground.
func TestRetainDetachesAtOnce(t *testing.T) {
	for name, hinder := range map[string]func(*world, *v1alpha1.EndpointAPIKey){
		"Cognigy is down": func(w *world, key *v1alpha1.EndpointAPIKey) {
			w.cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: 503})
			w.change(key, func() { key.Annotations = map[string]string{v1alpha1.RequestedAtAnnotation: "now"} })
		},
		"suspended": func(w *world, key *v1alpha1.EndpointAPIKey) {
			w.change(key, func() { key.Spec.Suspend = true })
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			key := w.issued()
			value := string(w.secret(key).Data["api-key"])
			hinder(w, key)
			w.change(key, func() { key.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain })
			w.eventually(func(g Gomega) { g.Expect(w.secret(key).OwnerReferences).To(BeEmpty()) })
			w.Expect(cluster.Delete(w.ctx, key, client.PropagationPolicy(metav1.DeletePropagationForeground))).To(Succeed())
			w.disappears(key)
			w.remains(func(g Gomega) {
				g.Expect(w.secret(key)).NotTo(BeNil())
				g.Expect(w.cognigy.Works(w.endpoint.ID, value)).To(BeTrue())
			})
		})
	}
}

// Every key goes with the resource, also the replaced ones and those that Cognigy's list is slow to show.
func TestDeleteWithLaggingList(t *testing.T) {
	w := newWorld(t)
	w.cognigy.Inject(simulator.Fault{Kind: simulator.FaultLagList, Method: http.MethodGet, Route: simulator.RouteKeys, Lag: 3_000_000_000})
	key := w.issued()
	w.delete(w.secret(key))
	w.eventually(func(g Gomega) { g.Expect(w.posts()).To(Equal(2)) })
	w.delete(key)
	w.gone(key)
	w.Expect(w.cognigy.Live("")).To(BeEmpty())
}

// Deleting during an issue whose outcome is unknown finds the key and revokes it.
func TestDeleteDuringIssue(t *testing.T) {
	w := newWorld(t)
	w.cognigy.Inject(simulator.Fault{Kind: simulator.FaultCommitThenDrop, Method: http.MethodPost})
	key := w.key()
	w.create(key)
	w.eventually(func(g Gomega) { g.Expect(w.cognigy.Ledger()).NotTo(BeEmpty()) })
	w.delete(key)
	w.gone(key)
	w.Expect(w.posts()).To(Equal(1))
}

// Deletion leaves the keys of others alone: those of another resource, and those that a person made.
func TestDeleteKeepsForeignKeys(t *testing.T) {
	w := newWorld(t)
	byHand, _ := w.cognigy.AddKey(w.endpoint.ID, "made by hand")
	other := w.issued(func(k *v1alpha1.EndpointAPIKey) { k.Name = "other" })
	key := w.issued()
	w.delete(key)
	w.gone(key)
	w.settles(other, 1)
	w.Expect(w.cognigy.Live("")).To(ContainElement(HaveField("ID", byHand.ID)))
}
