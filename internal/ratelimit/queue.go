// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// urgentPerRoutine is how many urgent requests are served for one routine request while both wait.
const urgentPerRoutine = 8

// queue orders the requests to one host: urgent before routine ones, namespaces round-robin, and within one the Endpoints
// round-robin.
type queue struct {
	urgent, routine ring[string, *ring[target, *fifo]]
	// served is how many urgent requests were served while routine ones waited.
	served int
}

// target is an Endpoint of a connection.
type target struct {
	connection types.UID
	endpointID string
}

// fifo holds the requests for one Endpoint, in the order in which they came.
type fifo struct{ waiters []*waiter }

func (q *queue) empty() bool { return len(q.urgent.order)+len(q.routine.order) == 0 }

func (q *queue) ringOf(routine bool) *ring[string, *ring[target, *fifo]] {
	if routine {
		return &q.routine
	}
	return &q.urgent
}

func (q *queue) add(w *waiter) {
	targets := q.ringOf(w.Routine).at(w.Namespace, func() *ring[target, *fifo] { return &ring[target, *fifo]{} })
	waiting := targets.at(target{w.Connection, w.EndpointID}, func() *fifo { return &fifo{} })
	waiting.waiters = append(waiting.waiters, w)
	if w.EndpointID == "" { // a probe may find out that the others need not wait
		targets.moveToFront(target{connection: w.Connection})
	}
}

func (q *queue) remove(w *waiter) {
	namespaces, at := q.ringOf(w.Routine), target{w.Connection, w.EndpointID}
	targets := namespaces.values[w.Namespace]
	waiting := targets.values[at]
	waiting.waiters = slices.DeleteFunc(waiting.waiters, func(other *waiter) bool { return other == w })
	if len(waiting.waiters) == 0 {
		targets.remove(at)
	}
	if len(targets.order) == 0 {
		namespaces.remove(w.Namespace)
	}
}

// waits says how long a waiter has to wait at least: since it is routine, as one of its namespace, and by itself; zero: not at
// all.
type waits struct {
	routine   time.Duration
	namespace func(string) time.Duration
	first     func(*waiter) time.Duration
}

// next removes the waiter that is served next and returns it, or nil and how long it takes until there may be one.
func (q *queue) next(waits waits) (*waiter, time.Duration) {
	rings := []*ring[string, *ring[target, *fifo]]{&q.urgent, &q.routine}
	if q.served >= urgentPerRoutine {
		slices.Reverse(rings)
	}
	shortest := longestWait
	for _, namespaces := range rings {
		if namespaces == &q.routine && waits.routine > 0 {
			shortest = min(shortest, waits.routine)
			continue
		}
		found, wait := nextOf(namespaces, waits)
		if found == nil {
			shortest = min(shortest, wait)
			continue
		}
		q.remove(found)
		q.count(found)
		return found, 0
	}
	return nil, shortest
}

// count notes that a request is served.
func (q *queue) count(w *waiter) {
	if w.Routine || len(q.routine.order) == 0 {
		q.served = 0
	} else {
		q.served++
	}
}

// nextOf finds the waiter that is served next, and puts its namespace and its Endpoint last.
func nextOf(namespaces *ring[string, *ring[target, *fifo]], waits waits) (*waiter, time.Duration) {
	shortest := longestWait
	for _, namespace := range namespaces.order {
		if wait := waits.namespace(namespace); wait > 0 {
			shortest = min(shortest, wait)
			continue
		}
		targets := namespaces.values[namespace]
		for _, at := range targets.order {
			first := targets.values[at].waiters[0]
			wait := waits.first(first)
			if wait == 0 {
				targets.moveToEnd(at)
				namespaces.moveToEnd(namespace)
				return first, 0
			}
			shortest = min(shortest, wait)
		}
	}
	return nil, shortest
}

// ring holds values whose keys are served round-robin.
type ring[K comparable, V any] struct {
	order  []K
	values map[K]V
}

// at returns the value of a key, which is the initial one if there was none.
func (r *ring[K, V]) at(key K, initial func() V) V {
	if _, ok := r.values[key]; !ok {
		if r.values == nil {
			r.values = map[K]V{}
		}
		r.values[key] = initial()
		r.order = append(r.order, key)
	}
	return r.values[key]
}

func (r *ring[K, V]) remove(key K) {
	delete(r.values, key)
	r.order = slices.DeleteFunc(r.order, func(other K) bool { return other == key })
}

func (r *ring[K, V]) moveToEnd(key K) {
	at := slices.Index(r.order, key)
	r.order = append(slices.Delete(r.order, at, at+1), key)
}

func (r *ring[K, V]) moveToFront(key K) {
	at := slices.Index(r.order, key)
	r.order = slices.Insert(slices.Delete(r.order, at, at+1), 0, key)
}
