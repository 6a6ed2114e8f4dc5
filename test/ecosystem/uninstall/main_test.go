// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package uninstall

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
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

const (
	repository = "../../.."
	// patience covers the removal of CustomResourceDefinitions and namespaces, for which a busy API server may wait.
	patience = 3 * time.Minute
)

// binary is the operator, a file.
var binary string

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	controlplane.Main(func() (int, error) { return run(m) })
}

func run(m *testing.M) (code int, err error) {
	folder, err := os.MkdirTemp("", "uninstall-test-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	binary = filepath.Join(folder, "cognigy-operator")
	if err := testbed.Build(context.Background(), binary); err != nil {
		return 0, err
	}
	return m.Run(), nil
}
