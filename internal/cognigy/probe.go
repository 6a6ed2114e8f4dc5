// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// Probe returns nil if Cognigy answers and accepts the credentials. It does not check permissions: a user who may not list
// Endpoints may still manage the keys of one, so that Cognigy's own 400, 403 and 404 count as success.
func (c *Client) Probe(ctx context.Context) error {
	var answer struct {
		Items json.RawMessage `json:"items"`
	}
	request := call{
		method: http.MethodGet, route: routeEndpoints, query: url.Values{"limit": {"1"}},
		answer: &answer,
	}
	err := c.do(ctx, request)
	if failure := AsError(err); failure != nil {
		switch failure.Kind {
		case Invalid, Forbidden, NotFound:
			return nil
		}
	}
	if err == nil && !bytes.HasPrefix(answer.Items, []byte("[")) {
		return unexpected(request, http.StatusOK, "the answer is no list of Endpoints")
	}
	return err
}
