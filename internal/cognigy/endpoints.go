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
	ID   string `json:"_id"`
	Name string `json:"name"`
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
	err := c.eachEndpoint(ctx, url.Values{}, send, func(found listedEndpoint) error {
		ids = append(ids, found.ID)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil // pages overlap if Endpoints are created or deleted meanwhile
}

// eachEndpoint calls each for the Endpoints that a query selects, page by page, until that returns an error. It may do so more than once
// for one.
func (c *Client) eachEndpoint(
	ctx context.Context, query url.Values, send func(request func() error) error, each func(listedEndpoint) error,
) error {
	seen := map[string]bool{}
	for cursor := ""; ; {
		var page endpointPage
		err := send(func() (err error) {
			page, err = c.pageOfEndpoints(ctx, query, cursor)
			return err
		})
		if err != nil {
			return err
		}
		for i := 0; page.Items[i].ID != ""; i++ {
			if err := each(page.Items[i]); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		seen[cursor] = true
		if cursor = page.Next; seen[cursor] || len(seen) == maxPages {
			return unexpected(endpointsCall(query, cursor), http.StatusOK, "the pages of the list of Endpoints have no end")
		}
	}
}

func endpointsCall(query url.Values, cursor string) call {
	page := url.Values{"limit": {strconv.Itoa(pageSize)}}
	for name, values := range query {
		page[name] = values
	}
	if cursor != "" {
		page.Set("next", cursor)
	}
	return call{method: http.MethodGet, route: routeEndpoints, query: page}
}

func (c *Client) pageOfEndpoints(ctx context.Context, query url.Values, cursor string) (endpointPage, error) {
	var page endpointPage
	request := endpointsCall(query, cursor)
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
