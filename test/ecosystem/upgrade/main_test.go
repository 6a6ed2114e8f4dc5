// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package upgrade_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/deployed"
	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/upgrade"
)

// An API server on which nothing is installed yet.
var (
	plane            *controlplane.ControlPlane
	cluster          client.Client // as administrator
	kubeconfig       string        // of the administrator, a file
	auditLog         string        // of the API server, a file
	earlier, current upgrade.Release
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	controlplane.Main(func() (int, error) { return run(m) })
}

func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "upgrade-test-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if earlier, err = upgrade.Earlier(ctx); err != nil {
		return 0, err
	}
	if current, err = upgrade.Current(ctx, folder); err != nil {
		return 0, err
	}
	auditLog = filepath.Join(folder, "audit.log")
	started, err := deployed.StartCluster(ctx, folder, controlplane.Options{ControllerManager: true, AuditLog: auditLog})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, started.Stop()) }()
	plane, cluster, kubeconfig = started.ControlPlane, started.Client, started.KubeconfigFile
	return m.Run(), nil
}
