// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// callerHeader carries the key of a caller from Cognigy.AI 2026.16.0 on, whatever the Endpoint's channel.
const callerHeader = "x-cognigy-endpoint-key"

// endpointURL is the address at which clients call the Endpoint, as Cognigy shows it.
func (d *demo) endpointURL() string { return d.cognigy.URL() + "/" + d.endpoint.URLToken }

// call calls the Endpoint as a workload does, and returns the status of the answer.
func (d *demo) call(ctx context.Context, key plaintext) (int, error) {
	// A connection per call: what a key is worth must not depend on an earlier call.
	workload := fixtures.Trusting(d.cognigy.CABundle())
	workload.Timeout = 10 * time.Second
	defer workload.CloseIdleConnections()
	status, _, err := fixtures.CallEndpoint(ctx, workload, d.endpointURL(), string(key))
	return status, err
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
