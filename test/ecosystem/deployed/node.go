// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package deployed

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// node is the Node of a kubelet, from which the API server has logs of its Pods.
type node struct {
	cluster client.Client
	name    string
	mu      sync.Mutex
	logs    map[string]func() string // what containers printed, by the path that a kubelet has it at
}

// start creates the Node, for as long as the test runs.
func (n *node) start(t *testing.T, cluster client.Client) {
	t.Helper()
	g := gomega.NewWithT(t)
	n.cluster, n.logs = cluster, map[string]func() string{}
	server := httptest.NewTLSServer(n)
	t.Cleanup(server.Close)
	created := &corev1.Node{ObjectMeta: metav1.ObjectMeta{GenerateName: "node-"}}
	g.Expect(cluster.Create(t.Context(), created)).To(gomega.Succeed())
	n.name = created.Name
	read := created.DeepCopy()
	created.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}}
	created.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(server.Listener.Addr().(*net.TCPAddr).Port)
	g.Expect(cluster.Status().Patch(t.Context(), created, client.StrategicMergeFrom(read))).To(gomega.Succeed())
	t.Cleanup(func() {
		gomega.NewWithT(t).Expect(cluster.Delete(context.Background(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: n.name}})).To(gomega.Succeed())
	})
}

// bind binds a Pod to the Node, unless that is done.
func (n *node) bind(ctx context.Context, pod *corev1.Pod) error {
	if pod.Spec.NodeName != "" {
		return nil
	}
	err := n.cluster.SubResource("binding").Create(ctx, pod, &corev1.Binding{Target: corev1.ObjectReference{Kind: "Node", Name: n.name}})
	if err != nil {
		return err
	}
	return n.cluster.Get(ctx, client.ObjectKeyFromObject(pod), pod)
}

// serve has the API server find what the container of a Pod printed.
func (n *node) serve(pod *corev1.Pod, printed func() string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.logs[strings.Join([]string{"/containerLogs", pod.Namespace, pod.Name, pod.Spec.Containers[0].Name}, "/")] = printed
}

// ServeHTTP answers with the logs of a container.
func (n *node) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	n.mu.Lock()
	printed, found := n.logs[request.URL.Path]
	n.mu.Unlock()
	if !found {
		http.NotFound(w, request)
		return
	}
	_, _ = w.Write([]byte(printed()))
}
