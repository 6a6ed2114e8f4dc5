// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/cognigy-operator/cognigy-operator/internal/operator"
	"github.com/cognigy-operator/cognigy-operator/internal/options"
	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// The tests of this package share one control plane and one operator, which runs with the permissions of the manifests that
// dependents install. Each test has a namespace and a Cognigy of its own, so that they run side by side.
var (
	admin   *rest.Config
	cluster client.Client  // as administrator
	logs    testbed.Output // what the operator logs, at the highest verbosity that it permits
)

// driftInterval is short, so that what happens behind the operator's back is noticed within a test.
const driftInterval = 2 * time.Second

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "32"); err != nil { // tests wait more than they work
		panic(err)
	}
	controlplane.Main(func() (int, error) { return run(m) })
}

func run(m *testing.M) (code int, err error) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	plane, err := controlplane.Start(ctx, controlplane.Options{ControllerManager: true})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, plane.Stop()) }()
	if err := installation.Apply(ctx, plane.Config(), installation.File()); err != nil {
		return 0, err
	}
	admin = plane.Config()
	if cluster, err = installation.NewClient(admin); err != nil {
		return 0, err
	}
	stopped, err := startOperator(ctx, plane)
	if err != nil {
		return 0, err
	}
	if code = m.Run(); code != 0 {
		keepLogs()
	}
	stop()
	return code, <-stopped
}

// keepLogs writes what the operator logged into a file that outlives the test: it is too long for a terminal.
func keepLogs() {
	file := filepath.Join(os.TempDir(), "cognigy-operator-test.log")
	if err := os.WriteFile(file, []byte(logs.String()), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Fprintln(os.Stderr, "the operator's log is in", file)
}

func startOperator(ctx context.Context, plane *controlplane.ControlPlane) (<-chan error, error) {
	kubeconfig, err := plane.KubeconfigFor(ctx, installation.Namespace, installation.ServiceAccount)
	if err != nil {
		return nil, err
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	if err != nil {
		return nil, err
	}
	settings, err := options.Parse([]string{
		"--namespace=" + installation.Namespace, "--drift-interval=" + driftInterval.String(), "--host-rate-limits=*=1000/1000",
		"--metrics-bind-address=0", "--health-probe-bind-address=127.0.0.1:0", "--zap-log-level=7",
	})
	if err != nil {
		return nil, err
	}
	ctrl.SetLogger(zap.New(zap.WriteTo(&logs), zap.UseFlagOptions(&settings.Log)))
	stopped := make(chan error, 1)
	go func() { stopped <- operator.Run(ctx, config, settings, "test") }()
	return stopped, nil
}
