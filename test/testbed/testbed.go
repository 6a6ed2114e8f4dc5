// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package testbed is what the tests of the operator's binary stand on: the binary, and a control plane on which everything is
// installed but the Deployment.
package testbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// binaryName is what the image calls the operator, too: client-go makes the field manager of the Lease from it.
const binaryName = "cognigy-operator"

// Testbed is a control plane and the operator's binary.
type Testbed struct {
	Plane      *controlplane.ControlPlane
	Cluster    client.Client // as administrator
	ClusterUID string        // of the namespace kube-system
	AuditLog   string        // the API server's, a file
	Kubeconfig []byte        // the operator's, under its own ServiceAccount
	binary     string
	folder     string
}

// Start builds the operator and starts a control plane, with kube-controller-manager: what has no owner must really be collected.
func Start(ctx context.Context) (*Testbed, error) {
	folder, err := os.MkdirTemp("", "cognigy-operator-test-")
	if err != nil {
		return nil, err
	}
	b := &Testbed{folder: folder, binary: filepath.Join(folder, binaryName), AuditLog: filepath.Join(folder, "audit.log")}
	if err := b.start(ctx); err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	return b, nil
}

func (b *Testbed) start(ctx context.Context) (err error) {
	build := exec.CommandContext(ctx, "go", "build", "-o", b.binary, "github.com/cognigy-operator/cognigy-operator/cmd")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the operator: %w\n%s", err, output)
	}
	ctrl.SetLogger(logr.Discard())
	if b.Plane, err = controlplane.Start(ctx, controlplane.Options{ControllerManager: true, AuditLog: b.AuditLog}); err != nil {
		return err
	}
	if err := installation.Apply(ctx, b.Plane.Config(), installation.File()); err != nil {
		return err
	}
	if b.Cluster, err = installation.NewClient(b.Plane.Config()); err != nil {
		return err
	}
	system := &corev1.Namespace{}
	if err := b.Cluster.Get(ctx, types.NamespacedName{Name: "kube-system"}, system); err != nil {
		return err
	}
	b.ClusterUID = string(system.UID)
	b.Kubeconfig, err = b.Plane.KubeconfigFor(ctx, installation.Namespace, installation.ServiceAccount)
	return err
}

// Stop ends the control plane and removes every file.
func (b *Testbed) Stop() error {
	var err error
	if b.Plane != nil {
		err = b.Plane.Stop()
	}
	return errors.Join(err, os.RemoveAll(b.folder))
}
