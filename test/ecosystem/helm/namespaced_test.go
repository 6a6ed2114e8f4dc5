// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// A release that is limited to a namespace issues and revokes a key there, with flags and permissions of the chart and nothing beside
// them, and asks for nothing that it may not have.
func TestNamespaced(t *testing.T) {
	g := NewWithT(t)
	removeCRDs(t)
	e := fixtures.NewUnconnected(t, fixtures.Options{
		Cluster: cluster, Context: context.Background(), Patience: patience, Cognigy: simulator.Options{TLS: true},
	})
	namespace := createNamespace(t)
	succeed(t, "install", release, operator, "--namespace="+namespace, "--set=watchNamespaces={"+e.Namespace+"}", "--set=clusterID="+e.ClusterUID)
	t.Cleanup(func() { succeed(t, "uninstall", release, "--namespace="+namespace) })
	operate(t, namespace)

	connection, credentials := e.Connection(), e.Credentials(e.Cognigy.APIKey())
	e.Create(credentials)
	spec, err := json.Marshal(map[string]any{connection.Name: connection.Spec})
	g.Expect(err).NotTo(HaveOccurred())
	succeed(t, "install", "connections", connections, "--namespace="+e.Namespace, "--set-json=connections="+string(spec), "--wait", "--timeout=2m")
	g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(connection), connection)).To(Succeed())
	g.Expect(connection.Status.Conditions).To(ConsistOf(HaveField("Reason", v1alpha1.ReasonConnected)), "--wait returns when Cognigy was reached")

	key := e.Key()
	e.Create(key)
	e.AwaitDelivered(key, 1)
	// In the wrong order: the connection stays until the key is revoked.
	succeed(t, "uninstall", "connections", "--namespace="+e.Namespace)
	e.Delete(credentials)
	e.Delete(key)
	e.AwaitGone(key)
	e.AwaitAbsent(connection, credentials)

	events, err := controlplane.ReadAuditLog(auditLog)
	g.Expect(err).NotTo(HaveOccurred())
	requests := 0
	for _, event := range events {
		if event.User.Username != "system:serviceaccount:"+namespace+":"+installation.ServiceAccount {
			continue
		}
		requests++
		if event.ResponseStatus.Code == http.StatusForbidden {
			g.Expect(forbidden).To(HaveKey(event.Verb+" "+event.ObjectRef.Resource), event.RequestURI)
		}
	}
	g.Expect(requests).To(BeNumerically(">", 10))
}

// forbidden are requests that the operator sends to learn by the answer.
var forbidden = map[string]bool{
	"get namespaces":                 true, // whether the API server answers: kube-system's UID would not count
	"list endpointapikeys":           true, // whether the API server serves the kind
	"list clustercognigyconnections": true, // whether a Secret is also the credentials of one
}

// operate runs the operator with the flags and under the ServiceAccount of a release, until the test ends.
func operate(t *testing.T, namespace string) {
	t.Helper()
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "kubeconfig")
	config, err := plane.KubeconfigFor(t.Context(), namespace, installation.ServiceAccount)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.WriteFile(file, config, 0o600)).To(Succeed())
	probes := freeAddress(t)
	addresses := strings.NewReplacer("=:8443", "="+freeAddress(t), "=:8081", "="+probes)
	var flags []string
	for _, flag := range installed(t, namespace).Spec.Template.Spec.Containers[0].Args {
		flags = append(flags, addresses.Replace(flag))
	}
	var output testbed.Output
	bed := &testbed.Testbed{}
	bed.Binary = binary
	process, err := bed.Run(file, []string{"POD_NAMESPACE=" + namespace}, &output, flags...)
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() {
		if err := process.Stop(patience); err != nil || t.Failed() {
			t.Errorf("the operator ended with %v, and printed\n%s", err, output.String())
		}
	})
	probe := http.Client{Timeout: 5 * time.Second}
	g.Eventually(func() (int, error) {
		response, err := probe.Get("http://" + probes + "/readyz")
		if err != nil {
			return 0, err
		}
		return response.StatusCode, response.Body.Close()
	}).WithTimeout(patience).Should(Equal(http.StatusOK), output.String)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	defer listener.Close()
	return listener.Addr().String()
}
