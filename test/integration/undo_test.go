// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"fmt"
	"net/http"
	"regexp"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// advice waits for a condition of a connection, and returns its message.
func (e *environment) advice(connection v1alpha1.Connection, kind string, says ...string) (message string) {
	GinkgoHelper()
	e.Await(func(g Gomega) {
		g.Expect(cluster.Get(e.Context, clientKey(connection), connection)).To(Succeed())
		found := meta.FindStatusCondition(fixtures.Conditions(connection), kind)
		g.Expect(found).To(HaveValue(And(HaveField("Status", metav1.ConditionTrue), HaveField("Reason", v1alpha1.ReasonReferenced))))
		message = found.Message
		for _, text := range says {
			g.Expect(message).To(ContainSubstring(text))
		}
	})
	return message
}

// patchAsAdvised patches an object that is being deleted as a message says, and waits until it is gone.
func (e *environment) patchAsAdvised(message, resource string, deleted client.Object) {
	GinkgoHelper()
	pattern := fmt.Sprintf(`kubectl patch %s %s -n %s --type=merge -p '(.+)'; `, resource, deleted.GetName(), deleted.GetNamespace())
	found := regexp.MustCompile(pattern).FindStringSubmatch(message)
	e.Expect(found).To(HaveLen(2), message)
	e.Expect(cluster.Patch(e.Context, deleted, client.RawPatch(types.MergePatchType, []byte(found[1])))).To(Succeed())
	e.AwaitAbsent(deleted)
}

// goesOn checks that nothing was issued or revoked for resources, and that the operator finds and revokes and issues keys as before.
func (e *environment) goesOn(keys ...*v1alpha1.EndpointAPIKey) {
	GinkgoHelper()
	e.AwaitReady(e.Connection())
	e.remains(func(g Gomega) {
		for _, key := range keys {
			g.Expect(e.Delivered(g, clientKey(key), 1).Status.KeyID).To(Equal(key.Status.KeyID))
		}
		g.Expect(e.Posts()).To(Equal(len(keys)))
		g.Expect(e.Cognigy.Count(http.MethodDelete, simulator.RouteKey)).To(BeZero())
	})
	e.Delete(e.Secret(keys[0]))
	e.AwaitDelivered(keys[0], 1)
	for _, key := range keys {
		e.Delete(key)
		e.AwaitGone(key)
	}
}

var _ = describeBoth("A deletion by mistake", Label("connection", "deletion"), func() {
	// A script that deletes a Secret to create it again reads only that it already exists.
	It("of credentials is told with the resources that need them, and undone without another key", func() {
		e := newEnvironment()
		one, another := e.Read(e.issued(fixtures.Named("one"))), e.Read(e.issued(fixtures.Named("another")))
		connection, credentials := e.Connection(), e.Credentials(e.Cognigy.APIKey())
		e.Delete(credentials)
		message := e.advice(connection, v1alpha1.ConditionCredentialsInUse,
			fmt.Sprintf("Secret %q is being deleted", clientKey(credentials)), v1alpha1.InUseFinalizer, "2 EndpointAPIKeys need it",
			fmt.Sprintf("%s/another, %s/one", e.Namespace, e.Namespace))
		e.Await(func(g Gomega) {
			found := &corev1.EventList{}
			g.Expect(cluster.List(e.Context, found, client.InNamespace(e.Namespace))).To(Succeed())
			g.Expect(found.Items).To(ContainElement(And(
				HaveField("Reason", v1alpha1.EventCredentialsInUse), HaveField("InvolvedObject.Kind", "Secret"),
				HaveField("InvolvedObject.Name", credentials.Name), HaveField("Message", ContainSubstring("kubectl patch secret")),
			)))
		})
		lists := e.Lists()
		e.Await(func(g Gomega) { g.Expect(e.Lists()).To(BeNumerically(">", lists+1), "drift checks go on with them") })
		e.patchAsAdvised(message, "secret", credentials)
		e.Create(e.Credentials(e.Cognigy.APIKey()))
		e.goesOn(one, another)
	})

	It("of a connection is undone without another key", func() {
		e := newEnvironment()
		key, connection := e.Read(e.issued()), e.Connection()
		e.Delete(connection)
		e.patchAsAdvised(e.advice(connection, v1alpha1.ConditionInUse, "waits for 1 EndpointAPIKeys"), "cognigyconnection", connection)
		e.Create(e.Connection())
		e.goesOn(key)
	})

	It("of a connection and its credentials is undone without another key, however long that takes", func() {
		e := newEnvironment()
		key, connection, credentials := e.Read(e.issued()), e.Connection(), e.Credentials(e.Cognigy.APIKey())
		e.Delete(connection)
		e.Delete(credentials)
		e.patchAsAdvised(e.advice(connection, v1alpha1.ConditionInUse), "cognigyconnection", connection)
		e.AwaitAbsent(credentials)
		e.remains(func(g Gomega) { g.Expect(e.LiveKeys(key)).To(HaveLen(1)) })
		e.Create(e.Credentials(e.Cognigy.APIKey()))
		e.Create(e.Connection())
		e.goesOn(key)
	})
})
