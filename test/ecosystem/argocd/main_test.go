// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package argocd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

const patience = 2 * time.Minute

// bed has a running operator.
var bed *testbed.Testbed

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	controlplane.Main(func() (int, error) { return run(m) })
}

func run(m *testing.M) (code int, err error) {
	if bed, err = testbed.StartWithBinary(context.Background()); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, bed.Stop()) }()
	folder, err := os.MkdirTemp("", "argocd-test-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	kubeconfig := filepath.Join(folder, "kubeconfig")
	if err := os.WriteFile(kubeconfig, bed.Kubeconfig, 0o600); err != nil {
		return 0, err
	}
	process, err := bed.Run(kubeconfig, nil, &testbed.Output{}, "--namespace="+installation.Namespace, "--drift-interval=5s",
		"--metrics-bind-address=0", "--health-probe-bind-address=127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, process.Stop(patience)) }()
	return m.Run(), nil
}

// newEnvironment returns a namespace, its Cognigy, and no connection yet.
func newEnvironment(t *testing.T) *fixtures.Environment {
	t.Helper()
	return fixtures.NewUnconnected(t, fixtures.Options{
		Cluster: bed.Cluster, Context: context.Background(), Patience: patience, Cognigy: simulator.Options{TLS: true},
	})
}
