// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"sync"
	"time"
)

// maxRequests bounds the journal: a benchmark sends millions. Count stays exact beyond it.
const maxRequests = 1 << 16

// Request is what the journal keeps of one API request: no body, no query, no credential.
type Request struct {
	At         time.Time `json:"at"`
	Method     string    `json:"method"`
	Route      string    `json:"route"`                // a Route constant; "" for an unknown route
	EndpointID string    `json:"endpointId,omitempty"` // as it stood in the path
	Status     int       `json:"status"`               // 0: no answer yet, or the connection was cut
	UserAgent  string    `json:"userAgent,omitempty"`
	Accept     string    `json:"accept,omitempty"`
	// APIKeyHeader: the request had an X-API-Key header.
	APIKeyHeader bool `json:"apiKeyHeader"`
	// APIKeyQuery: the request had the query parameter api_key, which ends up in access logs.
	APIKeyQuery bool `json:"apiKeyQuery"`
	// Traced: the request had a header traceparent, which names a trace of the client's.
	Traced bool `json:"traced"`
	// Credentials tells requests with the same credentials from others: see Fingerprint. It does not show them.
	Credentials string `json:"credentials,omitempty"`
}

// Fingerprint is what Request.Credentials is for the value of a header X-API-Key or Authorization.
func Fingerprint(credentials string) string { return fingerprint(credentials)[:12] }

type operation struct{ method, route string }

// journal records requests when they arrive, so that a client that has an answer finds its request.
type journal struct {
	mu     sync.Mutex
	kept   []*Request
	counts map[operation]int
}

func newJournal() journal { return journal{counts: map[operation]int{}} }

// Requests is every API request in order of arrival. Of a very long run only the latest are kept,
// at least thirty thousand. Calls of the control API are not among them.
func (j *journal) Requests() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	requests := make([]Request, len(j.kept))
	for i, r := range j.kept {
		requests[i] = *r
	}
	return requests
}

// Count is the number of requests that arrived for one of the Route constants.
func (j *journal) Count(method, route string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.counts[operation{method, route}]
}

func (j *journal) arrived(c call, r *http.Request, at time.Time) *Request {
	request := &Request{
		At:           at,
		Method:       c.method,
		Route:        c.route,
		EndpointID:   c.endpointID,
		UserAgent:    r.UserAgent(),
		Accept:       r.Header.Get("Accept"),
		APIKeyHeader: r.Header.Get("X-API-Key") != "",
		APIKeyQuery:  c.query.Has("api_key"),
		Traced:       r.Header.Get("traceparent") != "",
	}
	if sent := cmp.Or(r.Header.Get("X-API-Key"), r.Header.Get("Authorization")); sent != "" {
		request.Credentials = Fingerprint(sent)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.kept) == maxRequests {
		j.kept = slices.Delete(j.kept, 0, maxRequests/2)
	}
	j.kept = append(j.kept, request)
	j.counts[operation{c.method, c.route}]++
	return request
}

func (j *journal) answered(request *Request, status int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	request.Status = status
}
