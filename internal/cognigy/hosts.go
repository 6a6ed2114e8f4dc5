// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"cmp"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// hostError is the host:port of a request that was not sent, because Config.AllowedHosts does not name it.
type hostError string

func (e hostError) Error() string {
	return printable("the operator's flag --allowed-hosts does not name "+string(e), 300)
}

// restricted sends requests to allowed hosts only. It looks at each request, just before the transport looks for a connection or a
// proxy for the same URL, so that no proxy, redirect or later change of the client can lead past it.
type restricted struct {
	*http.Transport
	allowed []string // as in Config.AllowedHosts
}

// RoundTrip implements http.RoundTripper.
func (r restricted) RoundTrip(request *http.Request) (*http.Response, error) {
	host := hostOf(request.URL)
	// mutation: connect-to-any-host
	if len(r.allowed) > 0 && !slices.ContainsFunc(r.allowed, func(pattern string) bool { return matches(pattern, host) }) {
		if request.Body != nil {
			_ = request.Body.Close() // as the interface asks for
		}
		return nil, hostError(host)
	}
	return r.Transport.RoundTrip(request)
}

// hostOf is the host:port of a URL, in lower case. A name that is spelled in another way, such as with Unicode, matches no pattern.
func hostOf(target *url.URL) string {
	port := "443"
	if target.Scheme == "http" {
		port = "80"
	}
	return net.JoinHostPort(strings.TrimSuffix(strings.ToLower(target.Hostname()), "."), cmp.Or(target.Port(), port))
}

func matches(pattern, host string) bool {
	if parent, isWildcard := strings.CutPrefix(pattern, "*"); isWildcard {
		return strings.HasSuffix(host, parent) && host != parent
	}
	return host == pattern
}
