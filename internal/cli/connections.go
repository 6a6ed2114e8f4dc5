// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// connectionKinds are what a user may write before a connection's name, and a slash.
var connectionKinds = map[string]connection.Kind{
	"": connection.Namespaced, "cognigyconnection": connection.Namespaced, "cognigyconnections": connection.Namespaced,
	"clustercognigyconnection": connection.Cluster, "clustercognigyconnections": connection.Cluster,
}

// connectionKindsInOrder are both kinds.
var connectionKindsInOrder = []connection.Kind{connection.Namespaced, connection.Cluster}

// connection reads a connection that a user names: NAME, or KIND/NAME.
func (c *cluster) connection(ctx context.Context, named string) (v1alpha1.Connection, error) {
	prefix, name, found := strings.Cut(named, "/")
	if !found {
		prefix, name = "", named
	}
	kind, known := connectionKinds[strings.ToLower(prefix)]
	if !known {
		return nil, fmt.Errorf("%q is no kind of connection: write cognigyconnection/NAME, clustercognigyconnection/NAME, or NAME for the former", prefix)
	}
	object, key := kind.New(), types.NamespacedName{Name: name}
	if kind.Prefix == connection.Namespaced.Prefix {
		key.Namespace = c.namespace
	}
	return object, c.Get(ctx, key, object)
}

// connections lists the connections of a kind in a namespace, or in all if that is "".
func (c *cluster) connections(ctx context.Context, kind connection.Kind, namespace string) ([]v1alpha1.Connection, error) {
	list := kind.NewList()
	var options []client.ListOption
	if kind.Prefix == connection.Namespaced.Prefix {
		options = append(options, client.InNamespace(namespace))
	}
	if err := c.List(ctx, list, options...); err != nil {
		return nil, err
	}
	var found []v1alpha1.Connection
	err := meta.EachListItem(list, func(object runtime.Object) error {
		found = append(found, object.(v1alpha1.Connection))
		return nil
	})
	slices.SortFunc(found, func(a, b v1alpha1.Connection) int {
		return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
	})
	return found, err
}

// title names a connection with its kind.
func title(found v1alpha1.Connection) string {
	if connection.IsCluster(found) {
		return fmt.Sprintf("%s %s", v1alpha1.ConnectionKindCluster, found.GetName())
	}
	return fmt.Sprintf("%s %s/%s", v1alpha1.ConnectionKindNamespaced, found.GetNamespace(), found.GetName())
}

// completeConnection proposes connections.
func (p *plugin) completeConnection(command *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(given) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return p.complete(command, func(ctx context.Context, cluster *cluster) (names []string, err error) {
		namespaced, err := cluster.connections(ctx, connection.Namespaced, cluster.namespace)
		for _, found := range namespaced {
			names = append(names, found.GetName())
		}
		others, clusterErr := cluster.connections(ctx, connection.Cluster, "")
		for _, found := range others {
			names = append(names, "clustercognigyconnection/"+found.GetName())
		}
		return names, cmp.Or(err, clusterErr)
	})
}
