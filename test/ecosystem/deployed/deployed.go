// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package deployed has what tests of installations stand on: a control plane, and the operator as its Deployment in a cluster says, with its
// flags and under its ServiceAccount. No kubelet runs it.
package deployed

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// patience is how long the operator may take to become ready, and to end.
const patience = 3 * time.Minute

// Operator is a process.
type Operator struct {
	// Stop has the operator end in order, as a Pod's deletion does. It may be called more than once.
	Stop func()
	// Metrics is the address at which it serves them, host:port.
	Metrics string

	t       *testing.T
	process *testbed.Process
	output  testbed.Output
}

// Run runs a binary as the Deployment of a namespace says, until the test ends, and waits until it is ready. It may be given more flags.
func Run(t *testing.T, plane *controlplane.ControlPlane, cluster client.Client, namespace, binary string, more ...string) *Operator {
	t.Helper()
	g := gomega.NewWithT(t)
	deployment := &appsv1.Deployment{}
	name := client.ObjectKey{Namespace: namespace, Name: installation.ServiceAccount}
	g.Expect(cluster.Get(t.Context(), name, deployment)).To(gomega.Succeed())
	config, err := plane.KubeconfigFor(t.Context(), namespace, installation.ServiceAccount)
	g.Expect(err).NotTo(gomega.HaveOccurred())
	file := filepath.Join(t.TempDir(), "kubeconfig")
	g.Expect(os.WriteFile(file, config, 0o600)).To(gomega.Succeed())

	free, err := testbed.FreeAddresses(t.Context(), "127.0.0.1", 2)
	g.Expect(err).NotTo(gomega.HaveOccurred())
	probes, metrics := free[0], free[1]
	addresses := strings.NewReplacer("=:8443", "="+metrics, "=:8081", "="+probes)
	var flags []string
	for _, flag := range deployment.Spec.Template.Spec.Containers[0].Args {
		flags = append(flags, addresses.Replace(flag))
	}
	o := &Operator{t: t, Metrics: metrics}
	bed := &testbed.Testbed{}
	bed.Binary = binary
	o.process, err = bed.Run(file, []string{"POD_NAMESPACE=" + namespace}, &o.output, append(flags, more...)...)
	g.Expect(err).NotTo(gomega.HaveOccurred())
	o.Stop = sync.OnceFunc(o.stop)
	t.Cleanup(func() {
		if o.Stop(); t.Failed() {
			t.Logf("%s printed\n%s", binary, o.Output())
		}
	})
	g.Eventually(func() error { return testbed.Ready(probes) }).WithTimeout(patience).Should(gomega.Succeed(), o.output.String)
	return o
}

// Kill ends the operator as a lost node does.
func (o *Operator) Kill() {
	o.process.Kill()
	o.Stop = func() {}
}

func (o *Operator) stop() {
	o.t.Helper()
	if err := o.process.Stop(patience); err != nil {
		o.t.Errorf("the operator ended with %v", err)
	}
}

// Output is what the operator printed.
func (o *Operator) Output() string { return o.output.String() }
