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

// history remembers which orphans the latest scan of each connection left: one is revoked if two scans in a row find it. In
// memory only; after a restart, the second scan revokes again.
type history struct {
	mu     sync.Mutex
	latest map[types.NamespacedName]outcome
}

// outcome is what a scan left.
type outcome struct {
	connection types.UID
	orphans    []plan.MarkedKey
}

// of returns the orphans that the latest scan of a connection left.
func (h *history) of(found client.Object) []plan.MarkedKey {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known := h.latest[client.ObjectKeyFromObject(found)]; known.connection == found.GetUID() {
		return known.orphans
	}
	return nil
}

func (h *history) set(found v1alpha1.Connection, orphans []plan.MarkedKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.latest == nil {
		h.latest = map[types.NamespacedName]outcome{}
	}
	h.latest[client.ObjectKeyFromObject(found)] = outcome{connection: found.GetUID(), orphans: orphans}
}

func (h *history) forget(name types.NamespacedName) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.latest, name)
}
