// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"errors"
	"net/url"
	"strings"
)

const apiRoot = "/new/v2.0"

// parseBaseURL returns the URL below which the routes are. Users paste the address of a host, with or without a trailing slash, /new
// or /new/v2.0, and mean the same. It keeps a path prefix.
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
	prefix := strings.TrimRight(parsed.Path, "/")
	for _, root := range []string{apiRoot, "/new"} {
		if strings.HasSuffix(prefix, root) {
			prefix = strings.TrimRight(strings.TrimSuffix(prefix, root), "/")
			break
		}
	}
	return &url.URL{Scheme: parsed.Scheme, Host: parsed.Host, Path: prefix + apiRoot}, nil
}
