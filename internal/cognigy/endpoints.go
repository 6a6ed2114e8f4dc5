// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

const (
	routeEndpoints = "/endpoints"

	pageSize = 100
	// A server must not fill the memory, or keep the client busy for ever.
	maxPages  = 1000
	maxCursor = 4096 // bytes
)

// listedEndpoint is an entry of a list. The first one without a valid id ends the decoding, as with keys.
type listedEndpoint struct {
	ID string `json:"_id"`
}

func (e *listedEndpoint) UnmarshalJSON(data []byte) error {
	type plain listedEndpoint
	if err := json.Unmarshal(data, (*plain)(e)); err != nil {
		return err
	}
	if !idPattern.MatchString(e.ID) {
		return errors.New("a listed Endpoint has no valid _id")
	}
	return nil
}

// endpointPage has room for one entry more than requested. The decoder skips what does not fit into an array.
type endpointPage struct {
	Items *[pageSize + 1]listedEndpoint `json:"items"`
	Next  string                        `json:"nextCursor"`
}

// ListEndpoints returns the ids of all Endpoints that the user of the credentials sees, sorted. It takes a request per hundred
// Endpoints, and passes each to send, whose error ends it.
func (c *Client) ListEndpoints(ctx context.Context, send func(request func() error) error) ([]string, error) {
	var ids []string
	seen := map[string]bool{}
	for cursor := ""; ; {
		var page endpointPage
		err := send(func() (err error) {
			page, err = c.pageOfEndpoints(ctx, cursor)
			return err
		})
		if err != nil {
			return nil, err
		}
		for i := 0; page.Items[i].ID != ""; i++ {
			ids = append(ids, page.Items[i].ID)
		}
		if page.Next == "" {
			slices.Sort(ids)
			return slices.Compact(ids), nil // pages overlap if Endpoints are created or deleted meanwhile
		}
		seen[cursor] = true
		if cursor = page.Next; seen[cursor] || len(seen) == maxPages {
			return nil, unexpected(endpointsCall(cursor), http.StatusOK, "the pages of the list of Endpoints have no end")
		}
	}
}

func endpointsCall(cursor string) call {
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if cursor != "" {
		query.Set("next", cursor)
	}
	return call{method: http.MethodGet, route: routeEndpoints, query: query}
}

func (c *Client) pageOfEndpoints(ctx context.Context, cursor string) (endpointPage, error) {
	var page endpointPage
	request := endpointsCall(cursor)
	request.answer = &page
	if err := c.do(ctx, request); err != nil {
		return endpointPage{}, err
	}
	switch {
	case page.Items == nil:
		return endpointPage{}, unexpected(request, http.StatusOK, "the list of Endpoints is missing")
	case page.Items[pageSize].ID != "":
		return endpointPage{}, unexpected(request, http.StatusOK, "a page has more Endpoints than requested")
	case len(page.Next) > maxCursor:
		return endpointPage{}, unexpected(request, http.StatusOK, "nextCursor is longer than 4 KiB")
	}
	return page, nil
}
