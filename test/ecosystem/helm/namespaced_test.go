// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/deployed"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// doesWithout is what an operator that is limited to namespaces asks for and does not get: it learns by the answer whether the API server answers,
// since another identity than kube-system's is given; whether it serves the kind; and whether a Secret is also the credentials of a
// ClusterCognigyConnection.
var doesWithout = []string{"get namespaces", "list endpointapikeys", "list clustercognigyconnections"}

// A release that is limited to a namespace issues and revokes a key there, with flags and permissions of the chart and nothing beside
// them, and asks for nothing that it may not have.
func TestNamespaced(t *testing.T) {
	r := installLimited(t)
	connection, credentials := r.Connection(), r.Credentials(r.Cognigy.APIKey())
	r.Create(credentials)
	r.connect(t, "connections", connection.Name, connection.Spec)
	r.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(connection), connection)).To(Succeed())
	r.Expect(connection.Status.Conditions).To(ConsistOf(HaveField("Reason", v1alpha1.ReasonConnected)), "--wait returns when Cognigy was reached")
	r.issueAndRevoke(t, r.Key(), connection, credentials)
	r.Expect(r.forbidden(t)).To(ConsistOf(doesWithout))
}

// The same through a ClusterCognigyConnection, whose credentials are in the release's namespace.
func TestNamespacedWithClusterConnections(t *testing.T) {
	r := installLimited(t, "--set=clusterConnections=true")
	credentials := r.Credentials(r.Cognigy.APIKey())
	credentials.Namespace = r.own
	r.Create(credentials)
	connection := &v1alpha1.ClusterCognigyConnection{
		ObjectMeta: metav1.ObjectMeta{Name: "shared"},
		Spec: v1alpha1.ClusterCognigyConnectionSpec{
			ConnectionSpec: r.ConnectionSpec(), AllowedNamespaces: v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll},
		},
	}
	r.connect(t, "clusterConnections", connection.Name, connection.Spec)
	key := r.Key(func(key *v1alpha1.EndpointAPIKey) {
		key.Spec.ConnectionRef = v1alpha1.ConnectionReference{Kind: v1alpha1.ConnectionKindCluster, Name: "shared"}
	})
	r.issueAndRevoke(t, key, connection, credentials)
	r.Expect(r.forbidden(t)).To(BeEmpty())
}

// limited is a release that is limited to the namespace of an environment, and whose operator runs.
type limited struct {
	*fixtures.Environment
	own      string // the release's namespace
	operator *deployed.Operator
}

func installLimited(t *testing.T, arguments ...string) limited {
	t.Helper()
	removeCRDs(t)
	e := fixtures.NewUnconnected(t, fixtures.Options{
		Cluster: cluster, Context: context.Background(), Patience: patience, Cognigy: simulator.Options{TLS: true},
	})
	r := limited{Environment: e, own: createNamespace(t)}
	succeed(t, append([]string{
		"install", release, operator, "--namespace=" + r.own, "--set=watchNamespaces={" + e.Namespace + "}", "--set=clusterID=" + e.ClusterUID,
	}, arguments...)...)
	t.Cleanup(func() { succeed(t, "uninstall", release, "--namespace="+r.own, "--no-hooks", "--ignore-not-found") })
	r.operator = r.operate(t)
	return r
}

// operate runs an operator as the release says, until the test ends.
func (r limited) operate(t *testing.T) *deployed.Operator {
	t.Helper()
	return deployed.Run(t, plane, cluster, r.own, binary)
}

// connect makes a connection with the chart of connections, and waits for it.
func (r limited) connect(t *testing.T, kind, name string, spec any) {
	t.Helper()
	values, err := json.Marshal(map[string]any{name: spec})
	r.Expect(err).NotTo(HaveOccurred())
	succeed(t, "install", "connections", connections, "--namespace="+r.Namespace, "--set-json="+kind+"="+string(values), "--wait", "--timeout=2m")
}

// issueAndRevoke has a resource get its key, and then uninstalls in the wrong order: the connection stays until the key is revoked.
func (r limited) issueAndRevoke(t *testing.T, key *v1alpha1.EndpointAPIKey, connection, credentials client.Object) {
	t.Helper()
	r.Create(key)
	r.AwaitDelivered(key, 1)
	succeed(t, "uninstall", "connections", "--namespace="+r.Namespace)
	r.Delete(credentials)
	r.Delete(key)
	r.AwaitGone(key)
	r.AwaitAbsent(connection, credentials)
}

// forbidden returns what the operator asked for and was refused: verbs and resources.
func (r limited) forbidden(t *testing.T) (refused []string) {
	t.Helper()
	for _, event := range r.requests() {
		if testbed.Forbidden(&event) {
			refused = append(refused, event.Verb+" "+event.ObjectRef.Resource)
		}
	}
	slices.Sort(refused)
	return slices.Compact(refused)
}

// requests are those of the release's ServiceAccount.
func (r limited) requests() []auditv1.Event {
	requests, err := testbed.Requests(auditLog, r.own, installation.ServiceAccount, "")
	r.Expect(err).NotTo(HaveOccurred())
	return requests
}

// operate runs the operator of this tree as a release says, until the test ends or calls stop.
func operate(t *testing.T, namespace string) (stop func()) {
	t.Helper()
	return deployed.Run(t, plane, cluster, namespace, binary).Stop
}
