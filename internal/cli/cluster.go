// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// fieldOwner is the field manager of what the plugin writes.
const fieldOwner = "kubectl-cognigy"

// cluster is the API server as the caller may use it. Its errors name the permission that is missing.
type cluster struct {
	client    client.Client
	config    *rest.Config
	namespace string // of the flag, or of the context
}

// connect reads kubeconfig and flags.
func (p *plugin) connect() (*cluster, error) {
	config, err := p.config.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	namespace, _, err := p.config.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, err
	}
	config = rest.CopyConfig(config)
	config.WarningHandler = rest.NoWarnings{} // warnings of admission quote objects
	config.QPS = -1                           // the API server's priority and fairness limits the rate
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, apiextensionsv1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(known); err != nil {
			return nil, err
		}
	}
	made, err := client.New(config, client.Options{Scheme: known, FieldOwner: fieldOwner})
	return &cluster{client: made, config: config, namespace: namespace}, err
}

// Get implements client.Reader.
func (c *cluster) Get(ctx context.Context, name client.ObjectKey, into client.Object, options ...client.GetOption) error {
	return understood("get", name.Namespace, c.client.Get(ctx, name, into, options...))
}

// List implements client.Reader.
func (c *cluster) List(ctx context.Context, into client.ObjectList, options ...client.ListOption) error {
	chosen := (&client.ListOptions{}).ApplyOptions(options)
	return understood("list", chosen.Namespace, c.client.List(ctx, into, options...))
}

// patch changes parts of an object, which is overwritten with what it is then.
func (c *cluster) patch(ctx context.Context, object client.Object, change map[string]any) error {
	data, err := json.Marshal(change)
	if err != nil {
		return err
	}
	return understood("patch", object.GetNamespace(), c.client.Patch(ctx, object, client.RawPatch(types.MergePatchType, data)))
}

// annotate sets an annotation.
func (c *cluster) annotate(ctx context.Context, object client.Object, name, value string) error {
	return c.patch(ctx, object, map[string]any{"metadata": map[string]any{"annotations": map[string]any{name: value}}})
}

// key reads an EndpointAPIKey of the namespace.
func (c *cluster) key(ctx context.Context, name string) (*v1alpha1.EndpointAPIKey, error) {
	found := &v1alpha1.EndpointAPIKey{}
	return found, c.Get(ctx, types.NamespacedName{Namespace: c.namespace, Name: name}, found)
}

// findKey connects, and reads the EndpointAPIKey that a command is for.
func (p *plugin) findKey(ctx context.Context, name string) (*cluster, *v1alpha1.EndpointAPIKey, error) {
	connected, err := p.connect()
	if err != nil {
		return nil, nil, err
	}
	key, err := connected.key(ctx, name)
	return connected, key, err
}

// keys lists the EndpointAPIKeys of a namespace, or of all if that is "".
func (c *cluster) keys(ctx context.Context, namespace string) ([]v1alpha1.EndpointAPIKey, error) {
	found := &v1alpha1.EndpointAPIKeyList{}
	err := c.List(ctx, found, client.InNamespace(namespace))
	return found.Items, err
}
