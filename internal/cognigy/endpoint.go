// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"context"
	"net/http"
)

const routeEndpoint = "/endpoints/{endpointId}"

// CheckGone finds out what it means that Cognigy knows no list of an Endpoint's keys. It returns nil if Cognigy says that there is no
// such Endpoint, and an Error of the kind KeysNotSupported if there is one: a Cognigy without API keys for Endpoints, or for Endpoints of
// this channel, may answer so, and cannot tell which keys exist.
func (c *Client) CheckGone(ctx context.Context, endpointID string) error {
	var found listedEndpoint
	request := call{method: http.MethodGet, route: routeEndpoint, ids: []string{endpointID}, answer: &found}
	err := c.do(ctx, request)
	switch {
	case IsKind(err, NotFound):
		return nil
	case err != nil:
		return err
	case found.ID != endpointID:
		return unexpected(request, http.StatusOK, "the answer is not the Endpoint that was asked for")
	default:
		return &Error{
			Kind: KeysNotSupported, Method: http.MethodGet, Route: routeKeys, Status: http.StatusNotFound,
			detail: "while Cognigy knows the Endpoint",
		}
	}
}
