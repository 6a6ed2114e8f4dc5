// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

func TestRunServesUntilStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error)
	go func() { ended <- run(ctx, nil, in) }()

	var said greeting
	if err := json.NewDecoder(out).Decode(&said); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // run must not wait for its last line break to be read
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, said.URL+"/new/v2.0/endpoints/"+said.Endpoint.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-API-Key", said.APIKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("what was printed does not work: %s", response.Status)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestRunRefusesOtherAddresses(t *testing.T) {
	if err := run(t.Context(), []string{"--address", "0.0.0.0:0"}, io.Discard); err == nil {
		t.Error("listens on every interface")
	}
}
