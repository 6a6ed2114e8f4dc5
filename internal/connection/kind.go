// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// Kind is one of the two kinds of connections. Each has reconcilers of its own.
type Kind struct {
	// Prefix tells the names of the kind's controllers from those of the other kind.
	Prefix string
	// New returns an empty connection, NewList an empty list.
	New     func() v1alpha1.Connection
	NewList func() client.ObjectList
}

// The kinds of connections.
var (
	Namespaced = Kind{
		New:     func() v1alpha1.Connection { return &v1alpha1.CognigyConnection{} },
		NewList: func() client.ObjectList { return &v1alpha1.CognigyConnectionList{} },
	}
	Cluster = Kind{
		Prefix:  "cluster",
		New:     func() v1alpha1.Connection { return &v1alpha1.ClusterCognigyConnection{} },
		NewList: func() client.ObjectList { return &v1alpha1.ClusterCognigyConnectionList{} },
	}
)

// reference tells a connection from all others, without its spec and status.
type reference struct {
	kind Kind
	name types.NamespacedName
	uid  types.UID
}

func referenceTo(found v1alpha1.Connection) reference {
	kind := Namespaced
	if IsCluster(found) {
		kind = Cluster
	}
	return reference{kind, client.ObjectKeyFromObject(found), found.GetUID()}
}

// IsCluster reports whether a connection is of the cluster-wide kind.
func IsCluster(found v1alpha1.Connection) bool {
	_, cluster := found.(*v1alpha1.ClusterCognigyConnection)
	return cluster
}

// Tenant is who owns a connection: its namespace, or of the cluster-wide kind the connection alone.
func Tenant(found v1alpha1.Connection) string {
	if IsCluster(found) {
		return "/" + found.GetName()
	}
	return found.GetNamespace()
}

// IndexSecret is the index of the cache by which connections are found by the namespace/name of each Secret that they name.
const IndexSecret = "secret"
