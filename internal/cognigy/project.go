// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// maxProjectBytes is how many bytes of Endpoints the client keeps of a list: those of a project with some 10,000. Cognigy documents no
// maximum.
const maxProjectBytes = 2 << 20

// Size is how much memory an Endpoint takes in a list, in bytes: what its texts take, and about as much as everything around them.
func (e Endpoint) Size() int { return 64 + len(e.ID) + len(e.Name) }

// ListProject returns the Endpoints of a project that the user of the credentials sees, each once, in the order in which Cognigy lists
// them. It takes a request per hundred Endpoints, and passes each to send, whose error ends it. It sends no filter: that one for names is
// documented without a word of what matches.
func (c *Client) ListProject(ctx context.Context, projectID string, send func(request func() error) error) ([]Endpoint, error) {
	query := url.Values{"projectId": {projectID}}
	if !ValidID(projectID) {
		return nil, &Error{
			Kind: Invalid, Method: http.MethodGet, Route: routeEndpoints,
			detail: "the id of a project has 24 lower-case letters and digits; the operator sent nothing",
		}
	}
	var found []Endpoint
	size, known := 0, map[string]bool{}
	err := c.eachEndpoint(ctx, query, send, func(listed listedEndpoint) error {
		if known[listed.ID] {
			return nil
		}
		one := Endpoint{ID: listed.ID, Name: strings.Clone(listed.Name)}
		if size += one.Size(); size > maxProjectBytes {
			return &Error{
				Kind: Unexpected, Method: http.MethodGet, Route: routeEndpoints, Status: http.StatusOK,
				detail: "the project has more Endpoints than the operator keeps in memory; name the Endpoint by endpoint.id",
			}
		}
		known[listed.ID], found = true, append(found, one)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}
