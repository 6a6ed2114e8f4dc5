// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// longestMessage is how many bytes of what a container printed last a kubelet puts into its status.
const longestMessage = 2048

// kubelet emulates one: Pods of a namespace become ready soon after they are created, but for those of Jobs, of which it runs the
// operator's binary as their container says, to its end.
type kubelet struct {
	namespace, node, folder string
	logs                    sync.Map // what containers printed, by the path that a kubelet has it at
}

// startPods runs a kubelet for a namespace until the test ends.
func startPods(t *testing.T, namespace string) {
	t.Helper()
	k := &kubelet{namespace: namespace, node: "node-of-" + namespace, folder: t.TempDir()}
	server := httptest.NewTLSServer(k)
	k.register(t, server.Listener.Addr().(*net.TCPAddr).Port)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			pods := &corev1.PodList{}
			if err := cluster.List(ctx, pods, client.InNamespace(namespace)); err != nil {
				return false, nil //nolint:nilerr // tried again
			}
			for i := range pods.Items {
				_ = k.run(ctx, &pods.Items[i]) // the Pod may be gone, or is tried again
			}
			return false, nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		server.Close()
		NewWithT(t).Expect(cluster.Delete(context.Background(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: k.node}})).To(Succeed())
	})
}

// register has the API server ask this kubelet for logs of Pods on its node.
func (k *kubelet) register(t *testing.T, port int) {
	t.Helper()
	g := NewWithT(t)
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: k.node}}
	g.Expect(cluster.Create(t.Context(), node)).To(Succeed())
	read := node.DeepCopy()
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}}
	node.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(port)
	g.Expect(cluster.Status().Patch(t.Context(), node, client.StrategicMergeFrom(read))).To(Succeed())
}

// ServeHTTP answers with the logs of a container.
func (k *kubelet) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	printed, found := k.logs.Load(request.URL.Path)
	if !found {
		http.NotFound(w, request)
		return
	}
	_, _ = w.Write([]byte(printed.(string)))
}

func (k *kubelet) run(ctx context.Context, pod *corev1.Pod) error {
	switch owner := metav1.GetControllerOf(pod); {
	case owner == nil || owner.Kind != "Job":
		return fixtures.SetReady(ctx, cluster, pod)
	case pod.Status.Phase != corev1.PodPending:
		return nil
	}
	if pod.Spec.NodeName == "" {
		bind := &corev1.Binding{Target: corev1.ObjectReference{Kind: "Node", Name: k.node}}
		if err := cluster.SubResource("binding").Create(ctx, pod, bind); err != nil {
			return err
		}
	}
	container := pod.Spec.Containers[0]
	printed, err := k.execute(ctx, pod.Spec.ServiceAccountName, container)
	k.logs.Store(strings.Join([]string{"/containerLogs", pod.Namespace, pod.Name, container.Name}, "/"), printed)
	return k.report(ctx, pod, printed, err)
}

// execute runs a container's command, and returns what it printed.
func (k *kubelet) execute(ctx context.Context, account string, container corev1.Container) (printed string, err error) {
	config, err := plane.KubeconfigFor(ctx, k.namespace, account)
	if err != nil {
		return "", err
	}
	file := filepath.Join(k.folder, account)
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return "", err
	}
	var output testbed.Output
	bed := &testbed.Testbed{}
	bed.Binary = binary
	process, err := bed.Run(file, []string{"POD_NAMESPACE=" + k.namespace}, &output, container.Args...)
	if err != nil {
		return "", err
	}
	err = process.Wait(patience)
	return output.String(), err
}

// report says how the only container of a Pod ended.
func (k *kubelet) report(ctx context.Context, pod *corev1.Pod, printed string, ended error) error {
	read := pod.DeepCopy()
	terminated := &corev1.ContainerStateTerminated{Reason: "Completed", FinishedAt: metav1.Now()}
	pod.Status.Phase = corev1.PodSucceeded
	if ended != nil {
		pod.Status.Phase, terminated.Reason, terminated.ExitCode = corev1.PodFailed, "Error", 1
		if pod.Spec.Containers[0].TerminationMessagePolicy == corev1.TerminationMessageFallbackToLogsOnError {
			terminated.Message = printed[max(0, len(printed)-longestMessage):]
		}
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: pod.Spec.Containers[0].Name, State: corev1.ContainerState{Terminated: terminated},
	}}
	return cluster.Status().Patch(ctx, pod, client.StrategicMergeFrom(read))
}
