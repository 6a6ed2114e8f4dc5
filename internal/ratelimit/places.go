// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import "k8s.io/apimachinery/pkg/types"

// Places is how many requests are under way at a time, over all hosts. A request holds a worker of a controller until its
// answer arrives: a controller needs as many workers, so that none waits for one.
const Places = 128

// place is a namespace, one of its connections, or an Endpoint of that, where the later fields are empty for the earlier
// kinds.
type place struct {
	namespace  string
	connection types.UID
	endpointID string
}

// everywhere counts all places. No namespace has this name.
var everywhere = place{namespace: "/"}

// places counts the requests that are under way. At each level, whoever holds places may hold as many as it leaves free: a
// namespace takes half of all at most, and a second one half of the rest. One whose requests are never answered so leaves
// places to all others, and the same holds for a connection of a namespace and an Endpoint of a connection.
type places map[place]int

// hold takes places for a request, and frees them if count is negative.
func (p places) hold(r *Request, count int) {
	for _, level := range r.levels() {
		if p[level] += count; p[level] == 0 {
			delete(p, level)
		}
	}
}

// namespaceHasOne reports whether a request of a namespace may have a place.
func (p places) namespaceHasOne(namespace string) bool {
	return p[place{namespace: namespace}] < Places-p[everywhere]
}

// hasOne reports whether a request may have a place, if its namespace may. One for no Endpoint, such as a probe, may: it finds out
// what hangs.
func (p places) hasOne(r *Request) bool {
	if r.EndpointID == "" {
		return true
	}
	levels := r.levels()
	namespace, connection, endpoint := p[levels[1]], p[levels[2]], p[levels[3]]
	return connection < Places/2-namespace && endpoint < Places/4-connection
}

// levels are the places that a request takes.
func (r *Request) levels() [4]place {
	return [4]place{
		everywhere, {namespace: r.Namespace}, {r.Namespace, r.Connection, ""}, {r.Namespace, r.Connection, r.EndpointID},
	}
}
