// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

var _ = describeBoth("The deletion of an EndpointAPIKey", Label("deletion"), func() {
	It("revokes the key before the resource is gone", func() {
		e := newEnvironment()
		key := e.issued()
		value := string(e.Secret(key).Data["api-key"])
		e.Delete(key)
		e.AwaitGone(key)
		e.Expect(e.Cognigy.Works(e.Endpoint.ID, value)).To(BeFalse())
		e.Expect(e.Cognigy.Ledger()[0].RevokedBy).To(Equal(simulator.RevokedByAPI))
		e.Expect(e.Posts()).To(Equal(1))
	})

	It("needs no connection if no key was issued", func() {
		e := newEnvironment()
		key := e.Key(func(k *v1alpha1.EndpointAPIKey) { k.Spec.ConnectionRef.Name = "nowhere" })
		e.Create(key)
		e.Await(func(g Gomega) {
			g.Expect(fixtures.Conditions(e.Read(key))).To(ContainElement(HaveField("Reason", v1alpha1.ReasonConnectionNotFound)))
		})
		e.Delete(key)
		e.AwaitGone(key)
	})

	// As long as Cognigy cannot confirm that the key is gone, the resource stays and says what to do.
	anything := func(status, code int) func(*environment) {
		return func(e *environment) {
			e.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: status, Code: code})
		}
	}
	DescribeTable("waits as long as the key cannot be revoked:", func(block func(*environment)) {
		e := newEnvironment()
		key := e.issued()
		accepted := e.Cognigy.APIKey()
		block(e)
		e.Delete(key)
		e.Await(func(g Gomega) {
			found := e.Read(key)
			ready := meta.FindStatusCondition(found.Status.Conditions, v1alpha1.ConditionReady)
			g.Expect(ready.Reason).To(BeElementOf(v1alpha1.ReasonUnavailable, v1alpha1.ReasonUnexpectedAnswer,
				v1alpha1.ReasonUnauthorized, v1alpha1.ReasonKeysNotSupported, v1alpha1.ReasonConnectionNotReady), ready.Message)
			g.Expect(e.Secret(key)).NotTo(BeNil())
		})
		e.remains(func(g Gomega) { g.Expect(e.Read(key).Finalizers).To(ConsistOf(v1alpha1.Finalizer)) })
		e.Cognigy.ClearFaults()
		e.Cognigy.SetAPIKeys(accepted)
		e.AwaitGone(key)
	},
		Entry("Cognigy is down", anything(503, 503)),
		// A proxy's 404 is not Cognigy's word.
		Entry("a proxy answers 404", anything(404, 0)),
		Entry("Cognigy has the Endpoint, and no list of its keys", func(e *environment) {
			e.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Method: http.MethodGet, Route: simulator.RouteKeys, Status: 404, Code: 1002})
		}),
		Entry("the credentials are rejected", func(e *environment) { e.Cognigy.SetAPIKeys("another") }),
	)

	// An Endpoint that Cognigy says is gone took its keys along.
	It("ends when the Endpoint is gone", func() {
		e := newEnvironment()
		key := e.issued()
		e.Cognigy.RemoveEndpoint(e.Endpoint.ID)
		e.Delete(key)
		e.AwaitGone(key)
	})

	// Retain needs neither Cognigy nor the connection: it is the escape hatch.
	It("keeps the key and the Secret with deletionPolicy Retain, also if that is set while Cognigy is down", func() {
		e := newEnvironment()
		key := e.issued()
		value := string(e.Secret(key).Data["api-key"])
		e.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: 503})
		e.Delete(key)
		e.Await(func(g Gomega) { g.Expect(e.Read(key).DeletionTimestamp).NotTo(BeNil()) })
		e.Change(key, func() { key.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain })
		e.Await(func(g Gomega) {
			err := cluster.Get(e.Context, clientKey(key), key.DeepCopy())
			g.Expect(apierrors.IsNotFound(err)).To(BeTrue())
		})
		e.remains(func(g Gomega) {
			secret := e.Secret(key)
			g.Expect(secret).NotTo(BeNil())
			g.Expect(secret.OwnerReferences).To(BeEmpty())
			g.Expect(string(secret.Data["api-key"])).To(Equal(value))
			g.Expect(e.Cognigy.Works(e.Endpoint.ID, value)).To(BeTrue())
		})
	})

	// The Secret is detached as soon as that is asked for, although Cognigy is down or the resource suspended: the garbage collector
	// does not wait for the operator when a deletion is in the foreground.
	DescribeTable("releases the Secret at once with deletionPolicy Retain, also while", func(hinder func(*environment, *v1alpha1.EndpointAPIKey)) {
		e := newEnvironment()
		key := e.issued()
		value := string(e.Secret(key).Data["api-key"])
		hinder(e, key)
		e.Change(key, func() { key.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain })
		e.Await(func(g Gomega) { g.Expect(e.Secret(key).OwnerReferences).To(BeEmpty()) })
		e.Expect(cluster.Delete(e.Context, key, client.PropagationPolicy(metav1.DeletePropagationForeground))).To(Succeed())
		e.AwaitAbsent(key)
		e.remains(func(g Gomega) {
			g.Expect(e.Secret(key)).NotTo(BeNil())
			g.Expect(e.Cognigy.Works(e.Endpoint.ID, value)).To(BeTrue())
		})
	},
		Entry("Cognigy is down", func(e *environment, key *v1alpha1.EndpointAPIKey) {
			e.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: 503})
			e.Change(key, func() { key.Annotations = map[string]string{v1alpha1.RequestedAtAnnotation: "now"} })
		}),
		Entry("suspended", func(e *environment, key *v1alpha1.EndpointAPIKey) {
			e.Change(key, func() { key.Spec.Suspend = true })
		}),
	)

	It("revokes a key that no list shows yet", func() {
		e := newEnvironment()
		e.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultLagList, Method: http.MethodGet, Route: simulator.RouteKeys, Lag: listLag * 3 / 4})
		key := e.issued()
		e.Delete(e.Secret(key))
		e.Await(func(g Gomega) { g.Expect(e.Posts()).To(Equal(2)) })
		e.Delete(key)
		e.AwaitGone(key)
		e.Expect(e.Cognigy.Live("")).To(BeEmpty())
	})

	It("revokes the key of a POST whose answer is lost", func() {
		e := newEnvironment(fixtures.WithTimeouts(shortRequest, 10*time.Second))
		e.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultCommitThenDrop, Method: http.MethodPost})
		key := e.Key()
		e.Create(key)
		e.Await(func(g Gomega) { g.Expect(e.Cognigy.Ledger()).NotTo(BeEmpty()) })
		e.Delete(key)
		e.AwaitGone(key)
		e.Expect(e.Posts()).To(Equal(1))
	})

	It("revokes no key of another resource, and none that a person made", func() {
		e := newEnvironment()
		byHand, _ := e.Cognigy.AddKey(e.Endpoint.ID, "made by hand")
		other := e.issued(fixtures.Named("other"))
		key := e.issued()
		e.Delete(key)
		e.AwaitGone(key)
		e.AwaitDelivered(other, 1)
		e.Expect(e.Cognigy.Live("")).To(ContainElement(HaveField("ID", byHand.ID)))
	})

	// Names of keys can be forged. However many bear the resource's marker, its deletion ends.
	It("ends, however many keys bear its marker", func() {
		e := newEnvironment()
		key := e.issued()
		for range 24 {
			e.AddKey(e.Endpoint.ID, e.Marker(key.UID))
		}
		e.Delete(key)
		e.AwaitGone(key)
		e.Expect(e.Cognigy.Live("")).To(BeEmpty())
	})
})
