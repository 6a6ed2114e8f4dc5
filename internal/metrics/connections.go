// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"cmp"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// maxConnections is how many connections of a namespace have series of their own. Whoever may create connections decides how many there are.
const maxConnections = 16

// Names of connections that are none: Kubernetes permits no underscore.
const (
	otherConnections   = "_other"
	missingConnections = "_missing"
)

// connectionID is what the labels of a series say of its connection.
type connectionID struct{ kind, namespace, name string }

func (id connectionID) labels(more ...string) []string {
	return append([]string{id.kind, id.namespace, id.name}, more...)
}

func (id connectionID) match() prometheus.Labels {
	return prometheus.Labels{ofConnection[0]: id.kind, ofConnection[1]: id.namespace, ofConnection[2]: id.name}
}

func idOf(found v1alpha1.Connection) connectionID {
	kind := v1alpha1.ConnectionKindNamespaced
	if connection.IsCluster(found) {
		kind = v1alpha1.ConnectionKindCluster
	}
	return connectionID{string(kind), found.GetNamespace(), found.GetName()}
}

// referredBy is the connection that a resource refers to.
func referredBy(key *v1alpha1.EndpointAPIKey) connectionID {
	kind, name := v1alpha1.ConnectionKindNamespaced, connection.NameOf(key)
	if connection.ReferredIsCluster(key) {
		kind = v1alpha1.ConnectionKindCluster
	}
	return connectionID{string(kind), name.Namespace, name.Name}
}

// connectionNames decides which connections have series of their own: those of the cluster-wide kind, and of each namespace as many as
// maxConnections.
type connectionNames struct {
	mu    sync.Mutex
	named map[connectionID]bool // those, and what stands for the others of a namespace
	count map[string]int        // by namespace, without the latter
}

// of returns what the labels of a connection's series say.
func (n *connectionNames) of(id connectionID) connectionID {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.named[id] {
		return id
	}
	if n.named == nil {
		n.named, n.count = map[connectionID]bool{}, map[string]int{}
	}
	// mutation: name-every-connection
	if id.namespace != "" && n.count[id.namespace] >= maxConnections {
		id.name = otherConnections
	} else {
		n.count[id.namespace]++
	}
	n.named[id] = true
	return id
}

// retain gives series of their own to the oldest of the connections that exist, and returns those that are gone.
func (n *connectionNames) retain(existing []v1alpha1.Connection) (gone []connectionID) {
	exists, namespaces := map[connectionID]bool{}, map[string]bool{}
	for _, found := range existing {
		exists[idOf(found)], namespaces[found.GetNamespace()] = true, true
	}
	n.mu.Lock()
	for id := range n.named {
		isOther := id.name == otherConnections
		if exists[id] || isOther && namespaces[id.namespace] {
			continue
		}
		if gone = append(gone, id); !isOther {
			n.count[id.namespace]--
		}
		delete(n.named, id)
	}
	n.mu.Unlock()
	for _, found := range oldestFirst(existing) {
		n.of(idOf(found))
	}
	return gone
}

func oldestFirst(connections []v1alpha1.Connection) []v1alpha1.Connection {
	return slices.SortedFunc(slices.Values(connections), func(a, b v1alpha1.Connection) int {
		return cmp.Or(a.GetCreationTimestamp().Compare(b.GetCreationTimestamp().Time),
			cmp.Compare(client.ObjectKeyFromObject(a).String(), client.ObjectKeyFromObject(b).String()))
	})
}

// begin has the counters of a connection exist.
func (c *counters) begin(id connectionID) {
	for _, each := range []*prometheus.CounterVec{c.issued, c.delivered, c.deferred} {
		each.WithLabelValues(id.labels()...)
	}
	for _, reason := range revocationReasons {
		c.revoked.WithLabelValues(id.labels(string(reason))...)
	}
}

// forgetConnection deletes what was counted for a connection.
func (c *counters) forgetConnection(gone connectionID) {
	for _, each := range []*prometheus.CounterVec{c.issued, c.delivered, c.revoked, c.deferred} {
		each.DeletePartialMatch(gone.match())
	}
}
