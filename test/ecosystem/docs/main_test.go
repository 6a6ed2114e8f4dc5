// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/deployed"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

const (
	repository = "../../.."
	// patience is for a busy machine: what a command waits for takes seconds.
	patience = 3 * time.Minute
)

// binaries is a folder with the operator, and with the commands that the pages execute beside kubectl.
var binaries string

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	controlplane.Main(func() (int, error) { return run(m) })
}

func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	if binaries, err = os.MkdirTemp("", "docs-test-"); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(binaries)) }()
	if err := testbed.Build(ctx, operator()); err != nil {
		return 0, err
	}
	for _, command := range [][]string{
		{repository, "./cmd/kubectl-cognigy"},
		{".", "helm.sh/helm/v4/cmd/helm"},
		{".", "github.com/itchyny/gojq/cmd/gojq"},
	} {
		build := exec.CommandContext(ctx, "go", "build", "-o", binaries, command[1])
		build.Dir = command[0]
		if output, err := build.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("building %s: %w\n%s", command[1], err, output)
		}
	}
	if err := os.Rename(filepath.Join(binaries, "gojq"), filepath.Join(binaries, "jq")); err != nil { // the same language
		return 0, err
	}
	return m.Run(), nil
}

func operator() string { return filepath.Join(binaries, "cognigy-operator") }

// startCluster starts a control plane on which nothing is installed, until the test ends.
func startCluster(t *testing.T) (*deployed.Cluster, error) {
	t.Helper()
	started, err := deployed.StartCluster(context.Background(), t.TempDir(), controlplane.Options{ControllerManager: true})
	if err == nil {
		t.Cleanup(func() {
			if err := started.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
	return started, err
}
