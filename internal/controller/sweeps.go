// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// sweepLog remembers the latest sweep of each connection in this process: an orphan is revoked if two in a row show it.
type sweepLog struct {
	mu     sync.Mutex
	sweeps map[types.NamespacedName]*sweep
}

// sweep is the latest complete one of a connection. One worker at a time uses it.
type sweep struct {
	connection types.UID
	next       time.Time // when the next one is due
	complete   bool      // there was one
	orphans    []plan.MarkedKey
}

// of returns the latest sweep of a connection; if there was none, one that has the next begin at first.
func (l *sweepLog) of(found client.Object, first time.Time) *sweep {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sweeps == nil {
		l.sweeps = map[types.NamespacedName]*sweep{}
	}
	name := client.ObjectKeyFromObject(found)
	if known := l.sweeps[name]; known == nil || known.connection != found.GetUID() {
		l.sweeps[name] = &sweep{connection: found.GetUID(), next: first}
	}
	return l.sweeps[name]
}

func (l *sweepLog) forget(name types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.sweeps, name)
}
