// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// allowedHosts reads host[:port] and *.domain[:port], and returns them as cognigy.Config takes them.
func allowedHosts(flags []string) ([]string, error) {
	var patterns []string
	for _, given := range flags {
		parsed, err := url.Parse("https://" + given)
		if err != nil || parsed.Host != given || !isHost(strings.ToLower(parsed.Hostname())) {
			return nil, fmt.Errorf("%q is no host; write for example api-trial.cognigy.ai, cognigy.example.com:8443 or *.cognigy.cloud", given)
		}
		patterns = append(patterns, net.JoinHostPort(strings.ToLower(parsed.Hostname()), cmp.Or(parsed.Port(), "443")))
	}
	return patterns, nil
}

// isHost reports whether a text is an IP address, or the name of a host or of all hosts below a domain.
func isHost(text string) bool {
	return net.ParseIP(text) != nil || len(validation.IsDNS1123Subdomain(strings.TrimPrefix(text, "*."))) == 0
}
