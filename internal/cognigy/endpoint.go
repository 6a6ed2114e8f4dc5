// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"context"
	"net/http"
	"regexp"
	"unicode/utf8"
)

const routeEndpoint = "/endpoints/{endpointId}"

// maxEndpointName is more characters than a person gives an Endpoint; nothing documents a limit.
const maxEndpointName = 1024

// tokenPattern is what may be a segment of a URL's path as it is.
var tokenPattern = regexp.MustCompile(`^[A-Za-z0-9_~.-]{1,256}$`)

// Endpoint is an Endpoint as Cognigy describes it.
type Endpoint struct {
	ID       string `json:"_id"`      // ^[a-z0-9]{24}$
	Name     string `json:"name"`     // as people gave it: any text; from GetEndpoint, up to 1,024 characters
	URLToken string `json:"URLToken"` // the path below the Endpoints' host at which callers reach it; ListProject leaves it out
}

// GetEndpoint reads an Endpoint.
func (c *Client) GetEndpoint(ctx context.Context, id string) (Endpoint, error) {
	request := endpointCall(id)
	found, err := c.readEndpoint(ctx, request)
	switch {
	case err != nil:
		return Endpoint{}, err
	case utf8.RuneCountInString(found.Name) > maxEndpointName:
		return Endpoint{}, unexpected(request, http.StatusOK, "the Endpoint's name has more than 1024 characters")
	case !tokenPattern.MatchString(found.URLToken):
		return Endpoint{}, unexpected(request, http.StatusOK, "the Endpoint's URLToken is missing, or is none that can stand in a URL")
	}
	return found, nil
}

func endpointCall(id string) call {
	return call{method: http.MethodGet, route: routeEndpoint, ids: []string{id}}
}

// readEndpoint sends the request for an Endpoint.
func (c *Client) readEndpoint(ctx context.Context, request call) (found Endpoint, err error) {
	request.answer = &found
	if err := c.do(ctx, request); err != nil {
		return Endpoint{}, err
	}
	if found.ID != request.ids[0] {
		return Endpoint{}, unexpected(request, http.StatusOK, "the answer is not the Endpoint that was asked for")
	}
	return found, nil
}

// CheckGone finds out what it means that Cognigy knows no list of an Endpoint's keys. It returns nil if Cognigy says that there is no
// such Endpoint, and an Error of the kind KeysNotSupported if there is one: a Cognigy without API keys for Endpoints, or for Endpoints of
// this channel, may answer so, and cannot tell which keys exist.
func (c *Client) CheckGone(ctx context.Context, endpointID string) error {
	_, err := c.readEndpoint(ctx, endpointCall(endpointID))
	switch {
	case IsKind(err, NotFound):
		return nil
	case err != nil:
		return err
	default:
		return &Error{
			Kind: KeysNotSupported, Method: http.MethodGet, Route: routeKeys, Status: http.StatusNotFound,
			detail: "while Cognigy knows the Endpoint",
		}
	}
}
