// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package flux

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/deployed"
	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/upgrade"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// patience is long for a busy machine: Flux looks at the health of what it applied every five seconds.
const patience = 2 * time.Minute

// assetsVariable names the folder that hack/flux.sh prints.
const assetsVariable = "FLUX_ASSETS"

var (
	plane      *controlplane.ControlPlane
	cluster    client.Client // as administrator
	kubeconfig string        // of the administrator, a file
	binary     string        // of the operator, a file
	earlier    upgrade.Release
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	controlplane.Main(func() (int, error) { return run(m) })
}

func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	assets := os.Getenv(assetsVariable)
	if assets == "" {
		return 0, fmt.Errorf("%s is not set: run `make test-ecosystem`, or set it to what hack/flux.sh prints", assetsVariable)
	}
	folder, err := os.MkdirTemp("", "flux-test-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	binary = filepath.Join(folder, "cognigy-operator")
	if err := testbed.Build(ctx, binary); err != nil {
		return 0, err
	}
	if earlier, err = upgrade.Earlier(ctx); err != nil {
		return 0, err
	}
	// The operator's own definitions are installed by Flux.
	started, err := deployed.StartCluster(ctx, folder, controlplane.Options{ControllerManager: true, CRDs: []string{filepath.Join(assets, "crds")}})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, started.Stop()) }()
	plane, cluster, kubeconfig = started.ControlPlane, started.Client, started.KubeconfigFile
	controllers, err := startControllers(ctx, assets, folder)
	if err != nil {
		return 0, errors.Join(err, controllers.stop())
	}
	if code = m.Run(); code != 0 {
		controllers.print()
	}
	return code, controllers.stop()
}
