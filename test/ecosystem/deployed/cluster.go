// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package deployed

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// Cluster is a control plane for tools that users have.
type Cluster struct {
	*controlplane.ControlPlane

	Client         client.Client // as administrator
	KubeconfigFile string        // of the administrator
}

// StartCluster starts a control plane, and writes the administrator's kubeconfig into a folder. Whoever starts it stops it.
func StartCluster(ctx context.Context, folder string, options controlplane.Options) (*Cluster, error) {
	plane, err := controlplane.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	started := &Cluster{ControlPlane: plane, KubeconfigFile: filepath.Join(folder, "kubeconfig")}
	if err = os.WriteFile(started.KubeconfigFile, plane.Kubeconfig(), 0o600); err == nil {
		started.Client, err = installation.NewClient(plane.Config())
	}
	if err != nil {
		return nil, errors.Join(err, plane.Stop())
	}
	return started, nil
}
