// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package ratelimit decides when a request to Cognigy may be sent. All connections to one host share one limiter, since
// Cognigy's shared installations count requests per source address. No caller blocks here: one that comes too early is told
// how long to wait, and has a place in the queue until then, so that a slow host occupies no worker.
package ratelimit

import (
	"net/url"
	"strings"
	"sync"
)

// Hosts holds the limiter of each host. The zero value is ready to use.
type Hosts struct {
	mu       sync.Mutex
	limiters map[string]*Limiter
}

// Limiter returns the limiter of a base URL's host, which is compared as lower-case host:port.
func (h *Hosts) Limiter(baseURL string) *Limiter {
	host := hostOf(baseURL)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.limiters == nil {
		h.limiters = map[string]*Limiter{}
	}
	if h.limiters[host] == nil {
		h.limiters[host] = New()
	}
	return h.limiters[host]
}

func hostOf(baseURL string) string {
	parsed, err := url.Parse(baseURL)
	if err != nil {
		return baseURL // no client can be made of it either
	}
	port := parsed.Port()
	switch {
	case port != "":
	case parsed.Scheme == "http":
		port = "80"
	default:
		port = "443"
	}
	return strings.ToLower(parsed.Hostname()) + ":" + port
}
