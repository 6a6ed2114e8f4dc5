// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package e2e_test runs the operator's binary as a process of its own, with the permissions that it is installed with, and
// counts what it does to the API server and to Cognigy.
package e2e_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

var (
	plane   *controlplane.ControlPlane
	cluster client.Client // as administrator
	audit   string        // the API server's audit log
	binary  string        // the operator
)

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	folder, err := os.MkdirTemp("", "cognigy-operator-e2e-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	binary, audit = filepath.Join(folder, "manager"), filepath.Join(folder, "audit.log")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", binary, "github.com/cognigy-operator/cognigy-operator/cmd")
	if output, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("building the operator: %w\n%s", err, output)
	}
	ctrl.SetLogger(logr.Discard())
	ctx := context.Background()
	if plane, err = controlplane.Start(ctx, controlplane.Options{ControllerManager: true, AuditLog: audit}); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, plane.Stop()) }()
	if err := installation.Apply(ctx, plane.Config(), installation.File()); err != nil {
		return 0, err
	}
	if cluster, err = installation.NewClient(plane.Config()); err != nil {
		return 0, err
	}
	return m.Run(), nil
}
