// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// apiRoot is the path below which the routes of Cognigy's API are.
const apiRoot = "/new/v2.0"

// pastedPaths are what users paste behind the address of a host: the root of the routes, or a part of it, and the addresses that the
// vendor's table of API base URLs lists. All of them mean the same.
var pastedPaths = []string{"/new/v2.0", "/new/openapi", "/new", "/v2.0", "/openapi"}

// parseBaseURL returns the URL below which apiRoot is, whichever of pastedPaths ends the address. It keeps a path prefix.
func parseBaseURL(base string, allowInsecureHTTP bool) (*url.URL, error) {
	parsed, err := url.Parse(base)
	if err != nil {
		return nil, errors.New("baseURL is not a URL; write for example https://api-trial.cognigy.ai")
	}
	switch {
	case parsed.Scheme != "https" && parsed.Scheme != "http":
		return nil, errors.New("baseURL does not begin with https://; write for example https://api-trial.cognigy.ai")
	case parsed.Scheme == "http" && !allowInsecureHTTP:
		return nil, errors.New("baseURL is http; use https, or set allowInsecureHTTP: true")
	case parsed.Hostname() == "":
		return nil, errors.New("baseURL names no host; write for example https://api-trial.cognigy.ai")
	case parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "":
		return nil, errors.New("baseURL has a user, a query or a fragment; credentials belong into auth")
	}
	if host := apiHost(parsed.Hostname()); host != "" {
		return nil, fmt.Errorf("baseURL names %s, which is not the host of Cognigy's API; that is https://%s", parsed.Hostname(), host)
	}
	prefix := strings.TrimRight(parsed.Path, "/")
	for _, pasted := range pastedPaths {
		if strings.HasSuffix(prefix, pasted) {
			prefix = strings.TrimRight(strings.TrimSuffix(prefix, pasted), "/")
			break
		}
	}
	return &url.URL{Scheme: parsed.Scheme, Host: parsed.Host, Path: prefix}, nil
}

// apiHost returns the host of the API that belongs to one of the vendor's other hosts, such as that of the interface,
// app.cognigy.ai, or that of the Endpoints, endpoint-app.cognigy.ai; "" for every other host.
func apiHost(host string) string {
	name, shared := strings.CutSuffix(strings.ToLower(host), ".cognigy.ai")
	if !shared || strings.Contains(name, ".") || strings.HasPrefix(name, "api") {
		return ""
	}
	return "api-" + strings.TrimPrefix(name, "endpoint-") + ".cognigy.ai"
}
