// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

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
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

const (
	repository = "../../.."
	operator   = repository + "/charts/cognigy-operator"
)

// One control plane is for all tests. What has no namespace is removed by the test that made it.
var (
	plane      *controlplane.ControlPlane
	cluster    client.Client // as administrator
	kubeconfig string        // of the administrator, a file
	binary     string        // of the operator, a file
	auditLog   string        // of the API server, a file
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	controlplane.Main(func() (int, error) { return run(m) })
}

func run(m *testing.M) (code int, err error) {
	folder, err := os.MkdirTemp("", "helm-test-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	binary, auditLog = filepath.Join(folder, "cognigy-operator"), filepath.Join(folder, "audit.log")
	if err := testbed.Build(context.Background(), binary); err != nil {
		return 0, err
	}
	started, err := deployed.StartCluster(context.Background(), folder, controlplane.Options{ControllerManager: true, AuditLog: auditLog})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, started.Stop()) }()
	plane, cluster, kubeconfig = started.ControlPlane, started.Client, started.KubeconfigFile
	return m.Run(), nil
}
