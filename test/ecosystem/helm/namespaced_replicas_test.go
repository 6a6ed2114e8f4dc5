// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/deployed"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// Of a release that is limited to a namespace, both replicas are ready. The other one takes over from a leader that is lost between the POST of
// a key and its delivery, and then from one that ends in order. Whom Kubernetes authorizes may read its metrics.
func TestNamespacedReplicas(t *testing.T) {
	r := installLimited(t)
	second := r.operate(t)
	r.Connect()
	key := r.Key()
	r.Create(key)
	first := r.AwaitDelivered(key, 1).Status.KeyID

	r.Cognigy.Inject(simulator.Fault{
		Method: http.MethodPost, Route: simulator.RouteKeys, Times: 1, Kind: simulator.FaultCommitAfterDelay, Delay: 2 * time.Second,
	})
	r.Expect(fixtures.RequestRotation(t.Context(), cluster, key, time.Now().Add(time.Second))).To(Succeed())
	r.Await(func(g Gomega) { g.Expect(r.Posts()).To(Equal(2)) })
	r.operator.Kill()
	r.Await(func(g Gomega) { g.Expect(r.Read(key).Status.KeyID).NotTo(Equal(first)) })
	r.AwaitDelivered(key, 1)
	r.Expect(r.Posts()).To(Equal(3))
	r.awaitMetric(t, second, fmt.Sprintf(`key_namespace=%q,state="ready"} 1`, r.Namespace))

	third := r.operate(t) // which would compete for the Lease before
	second.Stop()
	connection := r.Connection()
	r.Delete(key)
	r.AwaitGone(key)
	r.Delete(connection)
	r.AwaitAbsent(connection)
	third.Stop()
	r.usesItsPermissions(t)
}

// awaitMetric waits until a replica serves a line of metrics to a ServiceAccount that may read them.
func (r limited) awaitMetric(t *testing.T, replica *deployed.Operator, line string) {
	t.Helper()
	reader := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: "prometheus"}}
	r.Create(reader)
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: r.Namespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: release + "-metrics-reader"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: reader.Namespace, Name: reader.Name}},
	}
	r.Create(binding)
	t.Cleanup(func() { r.Delete(binding) })
	token := &authenticationv1.TokenRequest{}
	r.Expect(cluster.SubResource("token").Create(t.Context(), reader, token)).To(Succeed())
	// The operator makes up the certificate at its start; the test is about the client.
	insecure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer insecure.CloseIdleConnections()
	r.Await(func(g Gomega) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+replica.Metrics+"/metrics", nil)
		g.Expect(err).NotTo(HaveOccurred())
		request.Header.Set("Authorization", "Bearer "+token.Status.Token)
		response, err := insecure.Do(request)
		g.Expect(err).NotTo(HaveOccurred())
		defer response.Body.Close() //nolint:errcheck // read only
		metrics, err := io.ReadAll(response.Body)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(metrics)).To(ContainSubstring(line))
	})
}

// usesItsPermissions checks that the release needs what it grants outside of the namespace that it watches, and no more. The specs of
// test/integration check the same of what it grants there.
func (r limited) usesItsPermissions(t *testing.T) {
	t.Helper()
	var outside []*unstructured.Unstructured
	for _, object := range parse(t, succeed(t, "get", "manifest", release, "--namespace="+r.own)) {
		if object.GetNamespace() != r.Namespace {
			outside = append(outside, object)
		}
	}
	granted, err := testbed.Granted(outside, r.own, installation.ServiceAccount)
	r.Expect(err).NotTo(HaveOccurred())
	used := map[testbed.Permission]bool{}
	for _, request := range r.requests() {
		if !testbed.Forbidden(&request) && request.ObjectRef.Namespace != r.Namespace {
			used[testbed.PermissionOf(&request)] = true
		}
	}
	r.Expect(used).To(Equal(granted))
	r.Expect(r.forbidden(t)).To(ConsistOf(doesWithout))
}
