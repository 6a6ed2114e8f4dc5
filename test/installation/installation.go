// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package installation applies the manifests that users install, so that tests and the demo run with the permissions that
// the operator has in a cluster, and none beside them.
package installation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	goruntime "runtime"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// What the manifests call things.
const (
	Namespace      = "cognigy-operator-system"
	ServiceAccount = "cognigy-operator-controller-manager"
	// User is the ServiceAccount's name to the API server.
	User = "system:serviceaccount:" + Namespace + ":" + ServiceAccount
)

const (
	fieldManager = "installation"
	// establishTimeout is how long a new CustomResourceDefinition may take to be served.
	establishTimeout = 30 * time.Second
)

// File returns the manifests that `make build-installer` writes.
func File() string {
	_, here, _, _ := goruntime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "..", "dist", "install.yaml")
}

// Apply applies all objects of a file but Deployments: there is no node, and the caller runs the operator itself. It returns
// when the custom resources are served.
func Apply(ctx context.Context, config *rest.Config, file string) error {
	objects, err := Read(file)
	if err != nil {
		return err
	}
	// Types that the manifests define have to be looked up anew.
	cluster, err := client.New(config, client.Options{})
	if err != nil {
		return err
	}
	for _, object := range objects {
		if object.GetKind() == "Deployment" {
			continue
		}
		apply := client.ApplyConfigurationFromUnstructured(object)
		if err := cluster.Apply(ctx, apply, client.FieldOwner(fieldManager), client.ForceOwnership); err != nil {
			return fmt.Errorf("applying %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return waitForKinds(ctx, config, objects)
}

// NewClient returns a client that knows Kubernetes' types and the operator's.
func NewClient(config *rest.Config) (client.Client, error) {
	types := runtime.NewScheme()
	if err := errors.Join(scheme.AddToScheme(types), v1alpha1.AddToScheme(types)); err != nil {
		return nil, err
	}
	return client.New(config, client.Options{Scheme: types})
}

// Read reads the objects of a file of YAML documents.
func Read(file string) ([]*unstructured.Unstructured, error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%w (`make build-installer` writes the manifests)", err)
	}
	defer opened.Close() //nolint:errcheck // read only
	objects, err := Decode(opened)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return objects, nil
}

// Decode reads the objects of YAML documents.
func Decode(documents io.Reader) (objects []*unstructured.Unstructured, err error) {
	for decoder := yaml.NewYAMLOrJSONDecoder(documents, 4096); ; {
		object := &unstructured.Unstructured{}
		switch err := decoder.Decode(object); {
		case errors.Is(err, io.EOF):
			return objects, nil
		case err != nil:
			return nil, err
		case len(object.Object) > 0:
			objects = append(objects, object)
		}
	}
}

func waitForKinds(ctx context.Context, config *rest.Config, objects []*unstructured.Unstructured) error {
	for _, object := range objects {
		if object.GetKind() != "CustomResourceDefinition" {
			continue
		}
		kind, _, _ := unstructured.NestedString(object.Object, "spec", "names", "kind")
		group, _, _ := unstructured.NestedString(object.Object, "spec", "group")
		list := &unstructured.UnstructuredList{}
		list.SetAPIVersion(group + "/v1alpha1")
		list.SetKind(kind + "List")
		err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, establishTimeout, true, func(ctx context.Context) (bool, error) {
			cluster, err := client.New(config, client.Options{})
			if err != nil {
				return false, err
			}
			err = cluster.List(ctx, list)
			return err == nil, ignoreNoMatch(err)
		})
		if err != nil {
			return fmt.Errorf("waiting for %s to be served: %w", kind, err)
		}
	}
	return nil
}

// ignoreNoMatch ignores that a kind is not served yet.
func ignoreNoMatch(err error) error {
	if meta.IsNoMatchError(err) || client.IgnoreNotFound(err) == nil {
		return nil
	}
	return err
}
