// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// Of the hosts that CognigyConnections lead to, so many have series of their own, and so many of a namespace: tenants can invent hosts.
const (
	maxTenantHosts        = 16
	maxHostsPerNamespace  = 2
	otherHosts            = "other" // a host has a port
	administratorsOwnHost = ""
)

// hostNames decides which hosts have series of their own: those that ClusterCognigyConnections lead to, and some of the others.
type hostNames struct {
	mu sync.RWMutex
	// named are these hosts, each with the namespace of which it is one.
	named map[string]string
}

// of returns what the label of a host's series says.
func (n *hostNames) of(host string) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	// mutation: name-every-host
	if _, named := n.named[host]; named {
		return host
	}
	return otherHosts
}

// add gives the host of a connection series of its own, if it may have them.
func (n *hostNames) add(found v1alpha1.Connection) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.named == nil {
		n.named = map[string]string{}
	}
	name(n.named, found)
}

func name(named map[string]string, found v1alpha1.Connection) {
	host := ratelimit.HostOf(found.GetConnectionSpec().BaseURL)
	if connection.IsCluster(found) {
		named[host] = administratorsOwnHost
		return
	}
	if _, known := named[host]; known {
		return
	}
	tenants, own := 0, 0
	for _, namespace := range named {
		tenants += int(oneIf(namespace != administratorsOwnHost))
		own += int(oneIf(namespace == found.GetNamespace()))
	}
	if tenants < maxTenantHosts && own < maxHostsPerNamespace {
		named[host] = found.GetNamespace()
	}
}

// retain returns the hosts that no connection leads to any more, or that have no series of their own any more. Those that had them keep
// them before others get some.
func (n *hostNames) retain(existing []v1alpha1.Connection) (gone []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	next := map[string]string{}
	var tenants, known, others []v1alpha1.Connection
	for _, found := range existing {
		if connection.IsCluster(found) {
			name(next, found)
		} else {
			tenants = append(tenants, found)
		}
	}
	for _, found := range oldestFirst(tenants) {
		if _, named := n.named[ratelimit.HostOf(found.GetConnectionSpec().BaseURL)]; named {
			known = append(known, found)
		} else {
			others = append(others, found)
		}
	}
	for _, found := range append(known, others...) {
		name(next, found)
	}
	for host := range n.named {
		if _, named := next[host]; !named {
			gone = append(gone, host)
		}
	}
	n.named = next
	return gone
}

// forgetHost deletes what was counted for a host.
func (c *counters) forgetHost(gone string) {
	match := prometheus.Labels{ofHost[0]: gone}
	c.requests.DeletePartialMatch(match)
	c.waits.DeletePartialMatch(match)
	c.windows.DeletePartialMatch(match)
}
