// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
)

// Contract is what Cognigy documents of its API. Its methods return how something differs from that. They may read the bodies, and
// are called at the same time.
type Contract interface {
	CheckRequest(*http.Request) error
	CheckResponse(*http.Request, *http.Response) error
}

// violations are the differences between the contract and what was sent.
type violations struct {
	contract Contract // nil: nothing is compared

	mu    sync.Mutex
	found []string
}

// Violations returns how API requests differ from Options.Contract, and how responses do that no fault shaped; each difference once.
// A test should fail on any: the client, or the simulator, does what Cognigy does not document.
func (v *violations) Violations() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.found)
}

func (v *violations) add(difference error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if difference != nil && !slices.Contains(v.found, difference.Error()) {
		v.found = append(v.found, difference.Error())
	}
}

func (v *violations) checkRequest(r *http.Request, c call) {
	if v.comparable(c) {
		v.add(v.contract.CheckRequest(withBody(r, c.body)))
	}
}

func (v *violations) checkAnswer(r *http.Request, c call, a answer) {
	if a.foreign || c.fault.Kind != "" || !v.comparable(c) {
		return
	}
	recorder := httptest.NewRecorder()
	a.write(recorder)
	v.add(v.contract.CheckResponse(withBody(r, c.body), recorder.Result()))
}

// comparable reports whether a call is one of the API: what callers of an Endpoint send is up to its Flow.
func (v *violations) comparable(c call) bool { return v.contract != nil && c.route != RouteWebhook }

// withBody returns a copy of a request whose body was read.
func withBody(r *http.Request, body []byte) *http.Request {
	again := r.WithContext(r.Context())
	again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return again
}
