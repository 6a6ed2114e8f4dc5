// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"net/http"
	"testing"
)

func TestControlAPI(t *testing.T) {
	r := start(t, Options{})
	control := func(method, path, body string, status int) string {
		t.Helper()
		answer := r.do(method, "/_simulator/"+path, body, "X-API-Key", "")
		equal(t, method+" "+path, answer.status, status)
		return answer.body
	}

	equal(t, "empty ledger", control("GET", "ledger", "", 200), "[]")
	made := decode[Endpoint](t, control("POST", "endpoints", `{"projectId":"p","name":"made remotely"}`, 201))
	_, plaintext := r.AddKey(made.ID, "a key")
	equal(t, "works", r.Works(made.ID, plaintext), true)

	key := r.create()
	control("POST", "keys/"+key.ID+"/revoke", "", 204)
	control("POST", "keys/"+key.ID+"/revoke", "", 404)
	control("DELETE", "endpoints/"+made.ID, "", 204)
	control("DELETE", "endpoints/"+made.ID, "", 204)
	ledger := decode[[]Entry](t, control("GET", "ledger", "", 200))
	equal(t, "first", ledger[0].RevokedBy, RevokedByEndpointRemoved)
	equal(t, "second", ledger[1].RevokedBy, RevokedByUI)
	equal(t, "second", ledger[1].ID, key.ID)

	control("POST", "faults", `{"kind":"Status","status":503,"delay":"1ms"}`, 204)
	equal(t, "with a fault", r.post("a").status, http.StatusServiceUnavailable)
	equal(t, "control with a fault", control("GET", "requests", "", 200) != "", true)
	control("DELETE", "faults", "", 204)
	equal(t, "without a fault", r.post("a").status, http.StatusCreated)

	control("PUT", "apikeys", `["other"]`, 204)
	equal(t, "credential", r.APIKey(), "other")

	requests := decode[[]Request](t, control("GET", "requests", "", 200))
	equal(t, "requests", len(requests), 3)
	equal(t, "status of the second", requests[1].Status, http.StatusServiceUnavailable)
}

func TestControlAPIRefuses(t *testing.T) {
	r := start(t, Options{})
	tests := []struct {
		method, path, body string
		status             int
	}{
		{"POST", "faults", `{"kind":"Typo"}`, 400},
		{"POST", "faults", `{"knid":"Status"}`, 400},
		{"POST", "endpoints", `{"project":"p"}`, 400},
		{"PUT", "apikeys", `"other"`, 400},
		{"PUT", "ledger", `[]`, 405},
		{"GET", "nothing", ``, 404},
	}
	for _, tt := range tests {
		answer := r.do(tt.method, "/_simulator/"+tt.path, tt.body)
		equal(t, tt.method+" "+tt.path+" "+tt.body, answer.status, tt.status)
	}
}
