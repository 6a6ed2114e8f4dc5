// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"context"
	"net/http"
	"regexp"
	"unicode/utf8"
)

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
	var found Endpoint
	request := call{method: http.MethodGet, route: routeEndpoint, ids: []string{id}, answer: &found}
	if err := c.do(ctx, request); err != nil {
		return Endpoint{}, err
	}
	switch {
	case found.ID != id:
		return Endpoint{}, unexpected(request, http.StatusOK, "the answer is not the Endpoint that was asked for")
	case utf8.RuneCountInString(found.Name) > maxEndpointName:
		return Endpoint{}, unexpected(request, http.StatusOK, "the Endpoint's name has more than 1024 characters")
	case !tokenPattern.MatchString(found.URLToken):
		return Endpoint{}, unexpected(request, http.StatusOK, "the Endpoint's URLToken is missing, or is none that can stand in a URL")
	}
	return found, nil
}

// EndpointBaseURL returns the address below which Cognigy's Endpoints are, if it is documented for the host of an API's address: that of
// https://api-trial.cognigy.ai is https://endpoint-trial.cognigy.ai. Otherwise it returns "".
func EndpointBaseURL(baseURL string) string {
	parsed, err := parseBaseURL(baseURL, false)
	if err != nil {
		return ""
	}
	host := documentedHost.FindStringSubmatch(parsed.Host)
	if host == nil {
		return ""
	}
	return "https://endpoint-" + host[1] + ".cognigy.ai"
}

// documentedHost matches the hosts of the shared installations' APIs, such as api-app-us.cognigy.ai.
var documentedHost = regexp.MustCompile(`^(?i:api-([a-z0-9-]+)\.cognigy\.ai)$`)
