// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package orphan

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// history remembers what the latest scan of each connection left: an orphan is revoked if two scans in a row find it, and events
// name what the scan before did not find. In memory only; after a restart, the second scan revokes again.
type history struct {
	mu     sync.Mutex
	latest map[types.NamespacedName]outcome
}

// outcome is what a scan left.
type outcome struct {
	connection types.UID
	orphans    []plan.MarkedKey
	others     []plan.MarkedKey // of other identities
}

// of returns what the latest scan of a connection left.
func (h *history) of(found client.Object) outcome {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known := h.latest[client.ObjectKeyFromObject(found)]; known.connection == found.GetUID() {
		return known
	}
	return outcome{}
}

func (h *history) set(found v1alpha1.Connection, left outcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.latest == nil {
		h.latest = map[types.NamespacedName]outcome{}
	}
	left.connection = found.GetUID()
	h.latest[client.ObjectKeyFromObject(found)] = left
}

func (h *history) forget(name types.NamespacedName) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.latest, name)
}
