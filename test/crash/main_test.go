// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package crash_test kills the operator at every side effect that it has, and judges what becomes of the keys.
//
// Each story (story_test.go) is first recorded without a crash: two proxies, in front of the API server and of Cognigy, number
// every effect (proxy_test.go, effect_test.go, gate_test.go). Then, for each number, the story is told again and the process is
// killed there: before the effect, after it was committed but before it knows, or after the answer. The operator is started
// again, and everything has to converge. The judges (judge_test.go, verdict_test.go) look at what passes the proxies, at the
// simulator's ledger, at the objects and at the audit log. They never ask the operator; nothing in it knows of this test.
package crash_test

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
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// All cases share one control plane. Each has a namespace, a Cognigy and an operator of its own.
var (
	plane      *controlplane.ControlPlane
	cluster    client.Client // as administrator
	clusterUID string
	audit      string // the API server's audit log
	binary     string // the operator
	kubeconfig []byte // the operator's, before a proxy is put in front of the API server
	identity   *certificate
)

// sideBySide is how many cases run at a time. They wait more than they work.
const sideBySide = "24"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", sideBySide); err != nil {
		panic(err)
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	folder, err := os.MkdirTemp("", "cognigy-operator-crash-")
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
	// With kube-controller-manager: a Secret that still has an owner must really be collected.
	if plane, err = controlplane.Start(ctx, controlplane.Options{ControllerManager: true, AuditLog: audit}); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, plane.Stop()) }()
	if err := prepare(ctx); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

func prepare(ctx context.Context) (err error) {
	if err := installation.Apply(ctx, plane.Config(), installation.File()); err != nil {
		return err
	}
	if cluster, err = installation.NewClient(plane.Config()); err != nil {
		return err
	}
	system := &corev1.Namespace{}
	if err := cluster.Get(ctx, types.NamespacedName{Name: "kube-system"}, system); err != nil {
		return err
	}
	clusterUID = string(system.UID)
	if kubeconfig, err = plane.KubeconfigFor(ctx, installation.Namespace, installation.ServiceAccount); err != nil {
		return err
	}
	identity, err = newCertificate()
	return err
}
