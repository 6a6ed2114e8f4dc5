// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"context"
	"fmt"
	"path/filepath"
	goruntime "runtime"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// What the chart calls things where it limits the operator to some namespaces.
const (
	LimitedNamespace      = "cognigy-operator-limited"
	LimitedServiceAccount = "cognigy-operator-limited-controller-manager"
	LimitedUser           = "system:serviceaccount:" + LimitedNamespace + ":" + LimitedServiceAccount
	// Watched is the one namespace for which LimitedFile has Roles.
	Watched = "watched"
)

// LimitedFile returns what the chart renders of permissions and policies for an operator that is limited to some namespaces. A test of
// the chart keeps it current.
func LimitedFile() string {
	_, here, _, _ := goruntime.Caller(0)
	return filepath.Join(filepath.Dir(here), "limited.yaml")
}

// ApplyLimited applies that, but for what is in the namespaces that the operator watches.
func ApplyLimited(ctx context.Context, cluster client.Client) error {
	own := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: LimitedNamespace}}
	if err := cluster.Create(ctx, own); err != nil {
		return err
	}
	return applyLimited(ctx, cluster, func(object *unstructured.Unstructured) bool { return object.GetNamespace() != Watched })
}

// PermitLimited gives the limited operator the Role that it has in each namespace that it watches.
func PermitLimited(ctx context.Context, cluster client.Client, namespace string) error {
	return applyLimited(ctx, cluster, func(object *unstructured.Unstructured) bool {
		return moved(object, namespace) && !ofRestarts(object)
	})
}

// PermitLimitedRestarts gives the limited operator the optional Role to restart workloads in a namespace.
func PermitLimitedRestarts(ctx context.Context, cluster client.Client, namespace string) error {
	return applyLimited(ctx, cluster, func(object *unstructured.Unstructured) bool {
		return moved(object, namespace) && ofRestarts(object)
	})
}

// moved moves an object of the watched namespace into another one, and reports whether it is one.
func moved(object *unstructured.Unstructured, namespace string) bool {
	watched := object.GetNamespace() == Watched
	if watched {
		object.SetNamespace(namespace)
	}
	return watched
}

func ofRestarts(object *unstructured.Unstructured) bool {
	return strings.Contains(object.GetName(), "-restart-")
}

func applyLimited(ctx context.Context, cluster client.Client, wanted func(*unstructured.Unstructured) bool) error {
	objects, err := Read(LimitedFile())
	if err != nil {
		return err
	}
	for _, object := range objects {
		if !wanted(object) {
			continue
		}
		apply := client.ApplyConfigurationFromUnstructured(object)
		if err := cluster.Apply(ctx, apply, client.FieldOwner(fieldManager), client.ForceOwnership); err != nil {
			return fmt.Errorf("applying %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}
