// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package orphan

import (
	"errors"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// errYielded: the scan gave its worker to others before it was complete.
var errYielded = errors.New("the scan yielded its worker")

// progress is how far a scan has come.
type progress struct {
	listed    bool             // the Endpoints are known
	endpoints []string         // those whose keys are not listed yet
	suspects  []plan.MarkedKey // not verified yet
	orphans   []plan.MarkedKey
	others    []plan.MarkedKey // of other identities
	// asked is what a person wanted when the scan began. Of a later request it has not looked at all Endpoints.
	asked     request
	standings map[string]plan.Standing // of the keys that asked names, by id
}

// scanning holds the scan of each tenant that has begun and is not complete. One of a tenant at a time leaves workers and memory to
// others, however slowly the tenant's Cognigy answers and however many Endpoints it has. In memory only; after a restart, a scan starts
// over.
type scanning struct {
	mu    sync.Mutex
	scans map[string]*tenantScan // by connection.Tenant
}

// tenantScan is of a connection as it was at the beginning: with another spec, it may see other Endpoints.
type tenantScan struct {
	name       types.NamespacedName
	connection types.UID
	generation int64
	progress   progress
}

// begin reports whether a connection may be scanned now. If a scan of it yielded its worker, that one goes on.
func (s *scanning) begin(found v1alpha1.Connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scans == nil {
		s.scans = map[string]*tenantScan{}
	}
	tenant, name := connection.Tenant(found), client.ObjectKeyFromObject(found)
	current := s.scans[tenant]
	// mutation: scan-tenant-twice
	if current != nil && current.name != name {
		return false
	}
	if current == nil || current.connection != found.GetUID() || current.generation != found.GetGeneration() {
		s.scans[tenant] = &tenantScan{name: name, connection: found.GetUID(), generation: found.GetGeneration()}
	}
	return true
}

// progress is how far the scan of a connection has come.
func (s *scanning) progress(found v1alpha1.Connection) progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scans[connection.Tenant(found)].progress
}

// yield keeps the progress of a scan until it begins again.
func (s *scanning) yield(found v1alpha1.Connection, so progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scans[connection.Tenant(found)].progress = so
}

// end ends the scan of a connection, if there is one.
func (s *scanning) end(name types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for tenant, scan := range s.scans {
		if scan.name == name {
			delete(s.scans, tenant)
		}
	}
}
