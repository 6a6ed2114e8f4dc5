// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"maps"
	"path/filepath"
	"slices"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/suite"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// refusedLimited is what the limited operator asks for in all namespaces, and does without: whether the API server answers, since another
// identity than the UID of kube-system is given; whether it serves the kind; and, before it revokes an orphan or releases credentials, whether
// another namespace knows more.
var refusedLimited = []testbed.Permission{
	"get namespaces", "list cognigy-operator.io/clustercognigyconnections", "list cognigy-operator.io/endpointapikeys",
}

// usesLimitedPermissions checks, when all specs have run, that in a namespace that it watches the limited operator needs what its Roles permit,
// and no more.
func usesLimitedPermissions(bed *testbed.Testbed) {
	requests, err := testbed.Requests(bed.AuditLog, installation.LimitedNamespace, installation.LimitedServiceAccount, "")
	Expect(err).NotTo(HaveOccurred())
	used, refused := map[testbed.Permission]bool{}, map[testbed.Permission]bool{}
	for i := range requests {
		asked, where := testbed.PermissionOf(&requests[i]), requests[i].ObjectRef
		if where.Namespace != "" && where.Resource != "namespaces" { // each of which is in itself, to an API server
			used[asked] = true
		} else if testbed.Forbidden(&requests[i]) {
			refused[asked] = true
		}
	}
	if !suite.Whole() {
		return
	}
	Expect(slices.Collect(maps.Keys(refused))).To(ConsistOf(refusedLimited))
	for _, name := range testbed.NotRequested {
		used[name] = true
	}
	Expect(used).To(Equal(grantedLimited()))
}

// grantedLimited are the permissions that the chart gives the limited operator in a namespace that it watches, those to restart workloads among
// them.
func grantedLimited() map[testbed.Permission]bool {
	manifests, err := installation.Read(installation.LimitedFile())
	Expect(err).NotTo(HaveOccurred())
	watched := slices.DeleteFunc(manifests, func(object *unstructured.Unstructured) bool { return object.GetNamespace() != installation.Watched })
	granted, err := testbed.Granted(watched, installation.LimitedNamespace, installation.LimitedServiceAccount)
	Expect(err).NotTo(HaveOccurred())
	return granted
}

// Ordered, since one of the specs permits more to the ServiceAccount that all of them use.
var _ = Describe("An operator that is limited to namespaces", Label("namespaced"), Ordered, func() {
	BeforeEach(beLimited)

	It("does not serve ClusterCognigyConnections, and says so to resources that refer to one", func() {
		e := newEnvironment()
		key := e.Key(func(key *v1alpha1.EndpointAPIKey) {
			key.Spec.ConnectionRef = v1alpha1.ConnectionReference{Kind: v1alpha1.ConnectionKindCluster, Name: "shared"}
		})
		e.Create(key)
		e.reports(key, v1alpha1.ReasonConnectionNotAllowed, status.FailedStatus, "--cluster-connections")
		e.Expect(e.Posts()).To(BeZero())
		e.Delete(key)
		e.AwaitGone(key)
	})

	It("leaves other namespaces alone", func() {
		e := newEnvironment()
		e.issued()
		other := fixtures.Namespace("other-than-" + e.Namespace)
		e.Create(other)
		key, connection, credentials := e.createIn(other.Name)
		e.remains(func(g Gomega) {
			for _, object := range []client.Object{credentials, connection, key} {
				g.Expect(cluster.Get(e.Context, clientKey(object), object)).To(Succeed())
				g.Expect(object.GetFinalizers()).To(BeEmpty())
				g.Expect(object.GetLabels()).To(BeEmpty())
			}
			g.Expect(append(fixtures.Conditions(connection), fixtures.Conditions(key)...)).To(BeEmpty())
		})
		e.Expect(e.Posts()).To(Equal(1))
	})

	// An orphan and a key of a namespace that it may not read look alike.
	It("scans, and says that it cannot tell orphans where it finds keys that may be another namespace's", func() {
		e := newEnvironment()
		connection := e.revoking()
		key := e.issued()
		e.awaitOrphans(connection, 0)
		other, _ := e.AddKey(e.Endpoint.ID, plan.Marker(e.ClusterUID, plan.Owner{Namespace: "another", UID: "lives"}))
		e.awaitEvent(v1alpha1.EventOrphansUnknown, "permit it to list endpointapikeys and secrets in all namespaces, or set orphanPolicy: Ignore")
		e.awaitScanCount(2)
		e.Expect(e.isLive(other.ID)).To(BeTrue())
		e.awaitOrphans(connection, 0)
		e.AwaitDelivered(key, 1)
	})

	// A namespace that is gone, and its Role with it, keeps an operator that starts from no other one.
	It("works at its start in those in which it has a Role, and in another one once it has one there", func() {
		e := newEnvironment()
		key := e.issued()
		e.stopOperator()
		missing := fixtures.Namespace("missing-" + e.Namespace)
		e.stopOperator = runOperator([]string{e.Namespace, missing.Name})
		e.Delete(e.Secret(key))
		e.AwaitDelivered(key, 1)

		e.Create(missing)
		other, _, _ := e.createIn(missing.Name)
		e.Expect(installation.PermitLimited(e.Context, cluster, missing.Name)).To(Succeed())
		e.AwaitDelivered(other, 1)
		e.Delete(e.Secret(key))
		e.AwaitDelivered(key, 1)
	})

	// To watch none by name would mean to watch every namespace.
	It("waits at its start until it has a Role in one of them", func() {
		e := newEnvironment()
		e.stopOperator()
		missing := fixtures.Namespace("missing-" + e.Namespace)
		e.stopOperator = runOperator([]string{missing.Name})
		e.Create(missing)
		key, _, _ := e.createIn(missing.Name)
		e.remains(func(g Gomega) { g.Expect(fixtures.Conditions(e.Read(key))).To(BeEmpty()) })
		e.Expect(installation.PermitLimited(e.Context, cluster, missing.Name)).To(Succeed())
		e.AwaitDelivered(key, 1)
	})

	// With a namespace, Kubernetes deletes the Role in it, and no other can be created there. Here it deletes the RoleBinding first.
	It("revokes the keys of a namespace that is deleted whole once it has permission again, and goes on in others meanwhile", func() {
		e := newEnvironment()
		key, namespace, neighbour := e.issued(), fixtures.Namespace(e.Namespace), e.Neighbour()
		other := neighbour.Key()
		neighbour.Create(other)
		first := neighbour.AwaitDelivered(other, 1).Status.KeyID
		e.Expect(cluster.DeleteAllOf(e.Context, &rbacv1.RoleBinding{}, client.InNamespace(e.Namespace))).To(Succeed())
		e.Await(func(g Gomega) { g.Expect(limitedMayRead(g, e.Namespace)).To(BeFalse()) })
		e.Delete(namespace)

		neighbour.Delete(neighbour.Secret(other))
		e.Await(func(g Gomega) { g.Expect(neighbour.Read(other).Status.KeyID).NotTo(Equal(first)) })
		neighbour.AwaitDelivered(other, 1)
		e.remains(func(g Gomega) {
			g.Expect(e.LiveKeys(key)).To(HaveLen(1))
			g.Expect(e.Read(key).Finalizers).To(ConsistOf(v1alpha1.Finalizer))
		})

		e.permitEverywhere()
		e.AwaitAbsent(namespace)
		e.Expect(e.LiveKeys(key)).To(BeEmpty())
	})
})

// createIn creates what a key takes in another namespace.
func (e *environment) createIn(namespace string) (key *v1alpha1.EndpointAPIKey, connection *v1alpha1.CognigyConnection, credentials *corev1.Secret) {
	GinkgoHelper()
	key, connection, credentials = e.Key(), e.Connection(), e.Credentials(e.Cognigy.APIKey())
	for _, object := range []client.Object{credentials, connection, key} {
		object.SetNamespace(namespace)
		e.Create(object)
	}
	return key, connection, credentials
}

// limitedMayRead reports whether the API server permits the limited operator to read Secrets of a namespace.
func limitedMayRead(g Gomega, namespace string) bool {
	permitted, err := fixtures.Permitted(context.Background(), cluster, installation.LimitedUser,
		authorizationv1.ResourceAttributes{Namespace: namespace, Verb: "get", Resource: "secrets"})
	g.Expect(err).NotTo(HaveOccurred())
	return permitted
}

// permitEverywhere gives the limited operator the permissions of one that is not limited, until the spec ends.
func (e *environment) permitEverywhere() {
	GinkgoHelper()
	objects, err := installation.Read(filepath.Join("..", "..", "config", "rbac", "role.yaml"))
	e.Expect(err).NotTo(HaveOccurred())
	role := objects[0]
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.GetName()},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: installation.LimitedNamespace, Name: installation.LimitedServiceAccount}},
	}
	for _, object := range []client.Object{role, binding} {
		e.Create(object)
		DeferCleanup(e.Delete, object)
	}
}
