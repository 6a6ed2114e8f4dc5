// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package uninstall

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/deployed"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// cluster is one that has the operator, installed by the kubectl command, and a tenant's namespace with a connection.
type cluster struct {
	*fixtures.Environment
	bed    *testbed.Testbed
	folder string // with kubeconfigs and a folder for the PATH
	output testbed.Output

	mu      sync.Mutex
	process *testbed.Process // of the operator; nil if it does not run
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	g := NewWithT(t)
	bed, err := testbed.Start(context.Background())
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { NewWithT(t).Expect(bed.Stop()).To(Succeed()) })
	bed.Binary = binary
	c := &cluster{bed: bed, folder: t.TempDir(), Environment: fixtures.NewUnconnected(t, fixtures.Options{
		Cluster: bed.Cluster, Context: context.Background(), Patience: patience, Cognigy: simulator.Options{TLS: true},
	})}
	g.Expect(os.WriteFile(c.file("admin"), bed.Admin, 0o600)).To(Succeed())
	c.emulateNode(t)
	c.install(t)
	c.Connect()
	return c
}

func (c *cluster) file(name string) string { return filepath.Join(c.folder, name) }

// emulateNode stands in for kubelets until the test ends: Pods become ready, and the operator's process ends when its Deployment is gone, or
// when the test says so.
func (c *cluster) emulateNode(t *testing.T) {
	t.Helper()
	kubelet := &deployed.Kubelet{Cluster: &deployed.Cluster{Client: c.Cluster}, Namespace: installation.Namespace}
	kubelet.Start(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			if _, err := c.deployment(ctx); apierrors.IsNotFound(err) {
				c.stop()
			}
			return false, nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		c.stop()
		if t.Failed() {
			t.Log(c.output.String())
		}
	})
}

func (c *cluster) deployment(ctx context.Context) (*appsv1.Deployment, error) {
	found := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: installation.Namespace, Name: installation.ServiceAccount}}
	return found, c.Cluster.Get(ctx, client.ObjectKeyFromObject(found), found)
}

// install installs the operator with kubectl, and starts it.
func (c *cluster) install(t *testing.T) {
	t.Helper()
	c.Eventually(func() error {
		output, err := c.kubectl(t, "apply", "--server-side", "--force-conflicts", "-f", installation.File())
		if err != nil {
			t.Log(output) // a definition that is only just gone
		}
		return err
	}).WithTimeout(patience).WithPolling(time.Second).Should(Succeed())
	c.Await(func(g Gomega) {
		found, err := c.deployment(c.Context)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(found.Status.ReadyReplicas).To(BeEquivalentTo(2))
	})
	c.start()
}

// start runs the operator as the Deployment's Pods would.
func (c *cluster) start() {
	c.Expect(c.bed.Install(c.Context)).To(Succeed()) // for a token of the new ServiceAccount
	c.Expect(os.WriteFile(c.file("operator"), c.bed.Kubeconfig, 0o600)).To(Succeed())
	process, err := c.bed.Run(c.file("operator"), nil, &c.output, "--namespace="+installation.Namespace, "--drift-interval=5s",
		"--metrics-bind-address=0", "--health-probe-bind-address=127.0.0.1:0")
	c.Expect(err).NotTo(HaveOccurred())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.process = process
}

// stop ends the operator, if it runs.
func (c *cluster) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process != nil {
		_ = c.process.Stop(patience)
		c.process = nil
	}
}

// issued creates a resource and waits for its key.
func (c *cluster) issued(edits ...func(*v1alpha1.EndpointAPIKey)) *v1alpha1.EndpointAPIKey {
	key := c.Key(edits...)
	c.Create(key)
	return c.AwaitDelivered(key, 1)
}

// kubectl runs the command as an administrator, and returns what it prints.
func (c *cluster) kubectl(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	return c.command(t, nil, nil, filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl"), arguments...)
}

func (c *cluster) command(t *testing.T, environment []string, input io.Reader, name string, arguments ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, name, arguments...)
	path := os.Getenv("KUBEBUILDER_ASSETS") + string(filepath.ListSeparator) + os.Getenv("PATH")
	command.Env = append(append(os.Environ(), "KUBECONFIG="+c.file("admin"), "PATH="+path), environment...)
	command.Stdin = input
	output, err := command.CombinedOutput()
	return string(output), err
}

// crds returns the operator's CustomResourceDefinitions that exist.
func (c *cluster) crds(g Gomega) (found []*unstructured.Unstructured) {
	installed, err := installation.Read(installation.File())
	g.Expect(err).NotTo(HaveOccurred())
	for _, object := range installed {
		if object.GetKind() != "CustomResourceDefinition" {
			continue
		}
		err := c.Cluster.Get(c.Context, client.ObjectKeyFromObject(object), object)
		if !apierrors.IsNotFound(err) {
			g.Expect(err).NotTo(HaveOccurred())
			found = append(found, object)
		}
	}
	return found
}

// stays checks that a resource keeps its key and its finalizer.
func (c *cluster) stays(key *v1alpha1.EndpointAPIKey) {
	c.Consistently(func(g Gomega) {
		g.Expect(c.LiveKeys(key)).To(HaveLen(1))
		found, err := c.Find(client.ObjectKeyFromObject(key))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(found.Finalizers).To(ConsistOf(v1alpha1.Finalizer))
	}).WithTimeout(2 * time.Second).Should(Succeed())
}
