// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import "k8s.io/apimachinery/pkg/types"

// ConcurrencyLimit is how many requests are under way at a time, over all hosts. A request holds a worker of a controller until its
// answer arrives: a controller needs as many workers, so that none waits for one.
const ConcurrencyLimit = 128

// level is a namespace, one of its connections, or an Endpoint of that, where the later fields are empty for the earlier
// kinds.
type level struct {
	namespace  string
	connection types.UID
	endpointID string
}

// everything is the level of all requests. No namespace has this name.
var everything = level{namespace: "/"}

// concurrency counts the requests that are under way. At each level, a part may have as many of them as it leaves to the other
// parts: a namespace half of the limit at most, and a second one half of the rest. A namespace whose requests are never answered
// so leaves workers to all others, and the same holds for a connection of a namespace and an Endpoint of a connection.
type concurrency map[level]int

// add counts a request, or with -1 its end.
func (c concurrency) add(r *Request, count int) {
	for _, level := range r.levels() {
		if c[level] += count; c[level] == 0 {
			delete(c, level)
		}
	}
}

// admitsNamespace reports whether one more request of a namespace may be under way.
func (c concurrency) admitsNamespace(namespace string) bool {
	return c[level{namespace: namespace}] < ConcurrencyLimit-c[everything]
}

// admits reports whether a request may be under way, if its namespace may have one more. A request for no Endpoint, such as a
// probe, may: it finds out what hangs.
func (c concurrency) admits(r *Request) bool {
	if r.EndpointID == "" {
		return true
	}
	levels := r.levels()
	namespace, connection, endpoint := c[levels[1]], c[levels[2]], c[levels[3]]
	return connection < ConcurrencyLimit/2-namespace && endpoint < ConcurrencyLimit/4-connection
}

// levels are those at which a request counts.
func (r *Request) levels() [4]level {
	return [4]level{
		everything, {namespace: r.Namespace}, {r.Namespace, r.Connection, ""}, {r.Namespace, r.Connection, r.EndpointID},
	}
}
