// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cognigy-operator/cognigy-operator/test/openapi"
)

const (
	absentID     = "000000000000000000000000"
	projectID    = "64f0c0ffee00000000000001"
	otherProject = "64f0c0ffee00000000000002"
)

// rig is a simulator with one Endpoint and a client that keeps nothing between two calls.
type rig struct {
	*Simulator
	t        *testing.T
	client   *http.Client
	endpoint Endpoint
}

// got is what a client sees.
type got struct {
	status int
	header http.Header
	body   string
}

// answersOnly is the contract without what it says of requests.
type answersOnly struct{ *openapi.Contract }

func (answersOnly) CheckRequest(*http.Request) error { return nil }

// startLenient is for tests that send what Cognigy does not document, to see it refused.
func startLenient(t *testing.T, o Options) *rig {
	t.Helper()
	o.Contract = answersOnly{openapi.Cognigy()}
	return start(t, o)
}

func start(t *testing.T, o Options) *rig {
	t.Helper()
	if o.Contract == nil {
		o.Contract = openapi.Cognigy()
	}
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		for _, violation := range s.Violations() {
			t.Error("not as documented: " + violation)
		}
	})
	client := &http.Client{
		Timeout: 10 * time.Second,
		// Without kept connections the transport never repeats a request by itself.
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &rig{Simulator: s, t: t, client: client, endpoint: s.AddEndpoint(projectID, "CRM webhook")}
}

func (r *rig) request(method, path, body string, header ...string) *http.Request {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.URL()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("X-API-Key", r.APIKey())
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return request
}

func (r *rig) try(request *http.Request) (got, error) {
	response, err := r.client.Do(request)
	if err != nil {
		return got{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return got{response.StatusCode, response.Header, string(body)}, err
}

func (r *rig) do(method, path, body string, header ...string) got {
	r.t.Helper()
	answer, err := r.try(r.request(method, path, body, header...))
	if err != nil {
		r.t.Fatal(err)
	}
	return answer
}

func keysOf(e Endpoint) string { return RouteEndpoints + "/" + e.ID + "/apikeys" }

func (r *rig) keys() string         { return keysOf(r.endpoint) }
func (r *rig) key(id string) string { return r.keys() + "/" + id }

func (r *rig) post(name string) got {
	r.t.Helper()
	return r.do(http.MethodPost, r.keys(), `{"name":"`+name+`"}`)
}

func (r *rig) create() createdKey {
	r.t.Helper()
	return decode[createdKey](r.t, r.post("a key").body)
}

func (r *rig) list() []keyItem {
	r.t.Helper()
	return decode[[]keyItem](r.t, r.do(http.MethodGet, r.keys(), "").body)
}

func (r *rig) remove(id string) got {
	r.t.Helper()
	return r.do(http.MethodDelete, r.key(id), "")
}

func (r *rig) wantLedger(states ...string) {
	r.t.Helper()
	var seen []string
	for _, e := range r.Ledger() {
		seen = append(seen, strings.TrimSpace("made "+e.RevokedBy))
	}
	if strings.Join(seen, ",") != strings.Join(states, ",") {
		r.t.Errorf("ledger is %q, want %q", seen, states)
	}
}

func decode[T any](t *testing.T, body string) T {
	t.Helper()
	var v T
	decoder := json.NewDecoder(bytes.NewReader([]byte(body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("%v in %.200q", err, body)
	}
	return v
}

func equal[T comparable](t *testing.T, what string, have, want T) {
	t.Helper()
	if have != want {
		t.Errorf("%s is %v, want %v", what, have, want)
	}
}

// idle says that no API request is being handled.
func (r *rig) idle() bool {
	if !r.handling.TryLock() {
		return false
	}
	r.handling.Unlock()
	return true
}

// eventually is for what a handler does after its client has left.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for !done() {
		if !wait(ctx, time.Millisecond) {
			t.Fatalf("never: %s", what)
		}
	}
}
