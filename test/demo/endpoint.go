// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// callerHeader carries the key of a caller from Cognigy.AI 2026.16.0 on, whatever the Endpoint's channel.
const callerHeader = "x-cognigy-endpoint-key"

// endpointURL is the address at which clients call the Endpoint, as Cognigy shows it.
func (d *demo) endpointURL() string { return d.cognigy.URL() + "/" + d.endpoint.URLToken }

// call calls the Endpoint as a workload does, and returns the status of the answer.
func (d *demo) call(ctx context.Context, key plaintext) (int, error) {
	body := strings.NewReader(`{"userId": "demo", "sessionId": "demo", "text": "hello"}`)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.endpointURL(), body)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set(callerHeader, string(key))
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(d.cognigy.CABundle())
	// A connection per call: what a key is worth must not depend on an earlier call.
	workload := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	}}
	response, err := workload.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close() //nolint:errcheck // read only
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// answers claims that the Endpoint answers a call with this status.
func (d *demo) answers(ctx context.Context, what string, key plaintext, want int) claim {
	c := claim{says: fmt.Sprintf("%s: %d %s", what, want, http.StatusText(want))}
	status, err := d.call(ctx, key)
	c.holds, c.observed = err == nil && status == want, fmt.Sprintf("%d %s", status, http.StatusText(status))
	if err != nil {
		c.observed = err.Error()
	}
	return c
}

// accepted and refused are the two answers there are.
func (d *demo) accepted(ctx context.Context, what string, key plaintext) claim {
	return d.answers(ctx, what, key, http.StatusOK)
}

func (d *demo) refused(ctx context.Context, what string, key plaintext) claim {
	return d.answers(ctx, what, key, http.StatusUnauthorized)
}

// awaitRefused waits until a key does not work any more.
func (d *demo) awaitRefused(ctx context.Context, what string, key plaintext) error {
	return await(ctx, what+" to be refused", func(ctx context.Context) (string, bool, error) {
		status, err := d.call(ctx, key)
		return fmt.Sprintf("%d %s", status, http.StatusText(status)), status == http.StatusUnauthorized, err
	})
}
