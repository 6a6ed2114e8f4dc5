// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import "regexp"

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
