// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"context"
	"fmt"
	"path/filepath"
	goruntime "runtime"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ApplyRestartRole applies the ClusterRole that lets the operator restart workloads, without its binding, and returns its name.
func ApplyRestartRole(ctx context.Context, cluster client.Client) (name string, err error) {
	_, here, _, _ := goruntime.Caller(0)
	objects, err := Read(filepath.Join(filepath.Dir(here), "..", "..", "config", "rollout", "restart_role.yaml"))
	if err != nil {
		return "", err
	}
	for _, object := range objects {
		if object.GetKind() == "ClusterRole" {
			apply := client.ApplyConfigurationFromUnstructured(object)
			return object.GetName(), cluster.Apply(ctx, apply, client.FieldOwner(fieldManager), client.ForceOwnership)
		}
	}
	return "", fmt.Errorf("there is no ClusterRole")
}
