// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/base64"
	"strings"
	"testing"
)

const (
	absoluteURLMessage = "baseURL is an absolute URL, for example https://api-trial.cognigy.ai"
	plainURLMessage    = "baseURL has no user, query, fragment or white space; credentials belong into auth"
	insecureMessage    = "baseURL is http: credentials and keys would travel unencrypted; use https, or set allowInsecureHTTP: true if you accept that"
	authMessage        = "say how to authenticate: set auth.apiKey.secretRef to the Secret that holds a Cognigy API key"
	nameMessage        = "a name has lower-case letters, digits, '-' and '.', and begins and ends with a letter or digit"
	dataKeyMessage     = "a Secret's data key has letters, digits, '-', '_' and '.', is not '.' and does not begin with '..'; write for example api-key"
	fromMessage        = "from: Selector needs a selector, and from: All takes none"
	operatorMessage    = "a selector's operators are In and NotIn, with values, and Exists and DoesNotExist, without"
)

// Both kinds share one spec, and each has a CRD of its own that could have forgotten something.
func TestBaseURL(t *testing.T) {
	url := func(value any) fields { return fields{"spec.baseURL": value} }
	for _, k := range connectionKinds {
		testAdmission(t, k, []admission{
			{why: "a trial", with: url("https://api-trial.cognigy.ai")},
			{why: "people copy it with the API's version", with: url("https://api-trial.cognigy.ai/new/v2.0")},
			{why: "an installation behind a gateway has a prefix and a port", with: url("https://gateway.example.com:8443/cognigy/")},
			{why: "IPv6", with: url("https://[fd00::1]:8443")},
			{why: "there is no default installation", with: url(absent{}), refused: "spec.baseURL: Required value"},
			{why: "empty, as from an unset template value", with: url(""), refused: absoluteURLMessage},
			{why: "a host is not a URL", with: url("api-trial.cognigy.ai"), refused: absoluteURLMessage},
			{why: "a scheme is needed", with: url("//api-trial.cognigy.ai"), refused: absoluteURLMessage},
			{why: "another scheme cannot be called", with: url("ftp://api-trial.cognigy.ai"), refused: absoluteURLMessage},
			{why: "upper case would get around the rule on http", with: url("HTTP://api-trial.cognigy.ai"), refused: absoluteURLMessage},
			{why: "a host is needed", with: url("https://"), refused: absoluteURLMessage},
			{why: "a port is not a host", with: url("https://:8443"), refused: absoluteURLMessage},
			{why: "a port is a number", with: url("https://cognigy:https"), refused: absoluteURLMessage},
			{why: "broken escapes cannot be parsed", with: url("https://%zz"), refused: absoluteURLMessage},
			{why: "control characters cannot be parsed", with: url("https://cognigy\x01"), refused: absoluteURLMessage},
			{why: "credentials in a URL end up in logs", with: url("https://user:secret@cognigy.example.com"), refused: plainURLMessage},
			{why: "so does a user", with: url("https://user@cognigy.example.com"), refused: plainURLMessage},
			{why: "a query would be lost when a path is added", with: url("https://cognigy.example.com?api_key=secret"), refused: plainURLMessage},
			{why: "so would a fragment", with: url("https://cognigy.example.com#new"), refused: plainURLMessage},
			{why: "white space comes from copying", with: url("https://cognigy.example.com/ new"), refused: plainURLMessage},
			{why: "so does a line break, from a YAML block", with: url("https://cognigy.example.com/\n"), refused: plainURLMessage},
			{why: "the longest", with: url("https://" + strings.Repeat("a", 2040))},
			{why: "longer than any server takes", with: url("https://" + strings.Repeat("a", 2041)), refused: "spec.baseURL: Too long"},

			{why: "http is refused unless wanted", with: url("http://cognigy.svc"), refused: insecureMessage},
			{why: "and unless really wanted", with: fields{"spec.baseURL": "http://cognigy.svc", "spec.allowInsecureHTTP": false}, refused: insecureMessage},
			{why: "a simulator in the same cluster has no certificate", with: fields{"spec.baseURL": "http://cognigy.svc", "spec.allowInsecureHTTP": true}},
			{why: "permission alone does no harm", with: fields{"spec.allowInsecureHTTP": true}},
			{why: "permission is a yes or no", with: fields{"spec.allowInsecureHTTP": "yes"}, refused: "spec.allowInsecureHTTP: Invalid value"},
		})
	}
}

func TestEndpointBaseURL(t *testing.T) {
	const message = "endpointBaseURL is an absolute URL without a user, a query, a fragment or white space, for example https://endpoint-trial.cognigy.ai"
	url := func(value any) fields { return fields{"spec.endpointBaseURL": value} }
	for _, k := range connectionKinds {
		testAdmission(t, k, []admission{
			{why: "the trial's", with: url("https://endpoint-trial.cognigy.ai")},
			{why: "below a path, with a port", with: url("http://cognigy.example.com:8443/endpoints/")},
			{why: "no address", with: url("endpoint-trial.cognigy.ai"), refused: message},
			{why: "no host", with: url("https://"), refused: message},
			{why: "a query would end up before the token", with: url("https://endpoint-trial.cognigy.ai?a=b"), refused: message},
			{why: "a line break, from a YAML block", with: url("https://endpoint-trial.cognigy.ai/\n"), refused: message},
			{why: "longer than any server takes", with: url("https://" + strings.Repeat("a", 2041)), refused: "spec.endpointBaseURL: Too long"},
		})
	}
}

func TestAuth(t *testing.T) {
	ref := func(value any) fields { return fields{"spec.auth.apiKey.secretRef": value} }
	for _, k := range connectionKinds {
		testAdmission(t, k, []admission{
			{why: "without credentials nothing can be done", with: fields{"spec.auth": absent{}}, refused: "spec.auth: Required value"},
			{why: "one way to authenticate must be chosen", with: fields{"spec.auth": map[string]any{}}, refused: authMessage},
			{why: "an API key comes from a Secret", with: fields{"spec.auth.apiKey": map[string]any{}}, refused: "spec.auth.apiKey.secretRef: Required value"},
			{why: "a Secret has a name", with: ref(map[string]any{"key": "token"}), refused: "spec.auth.apiKey.secretRef.name: Required value"},
			{why: "and not an empty one", with: ref(map[string]any{"name": ""}), refused: nameMessage},
			{why: "a name that no Secret can have would be waited for for ever", with: ref(map[string]any{"name": "My Credentials"}), refused: nameMessage},
			{why: "there is no way into another namespace", with: ref(map[string]any{"name": "kube-system/token"}), refused: nameMessage},
			{why: "the longest name", with: ref(map[string]any{"name": long(253)})},
			{why: "a longer one cannot exist", with: ref(map[string]any{"name": long(254)}), refused: "spec.auth.apiKey.secretRef.name: Too long"},
			{why: "a data key of one's own", with: ref(map[string]any{"name": "a", "key": "COGNIGY_API.key-1"})},
			{why: "an empty data key", with: ref(map[string]any{"name": "a", "key": ""}), refused: dataKeyMessage},
			{why: "a data key that no Secret can have", with: ref(map[string]any{"name": "a", "key": "api key"}), refused: dataKeyMessage},
			{why: "nor this", with: ref(map[string]any{"name": "a", "key": "."}), refused: dataKeyMessage},
			{why: "nor this, since a volume makes a path of it", with: ref(map[string]any{"name": "a", "key": "..data"}), refused: dataKeyMessage},
			{why: "the longest data key", with: ref(map[string]any{"name": "a", "key": long(253)})},
			{why: "a longer one", with: ref(map[string]any{"name": "a", "key": long(254)}), refused: "spec.auth.apiKey.secretRef.key: Too long"},
		})
	}
}

func TestCABundle(t *testing.T) {
	bundle := func(value any) fields { return fields{"spec.caBundle": value} }
	pem := "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
	for _, k := range connectionKinds {
		testAdmission(t, k, []admission{
			{why: "PEM in base64", with: bundle(base64.StdEncoding.EncodeToString([]byte(pem)))},
			{why: "PEM as it is", with: bundle(pem), refused: "spec.caBundle in body must be of type byte"},
			{why: "base64 without its end", with: bundle("YQ"), refused: "spec.caBundle in body must be of type byte"},
			{why: "the alphabet of URLs, which Go would not take here", with: bundle("-_-_"), refused: "spec.caBundle in body must be of type byte"},
			{why: "line breaks, as base64 prints them", with: bundle("YWJj\nYWJj\n"), refused: "spec.caBundle in body must be of type byte"},
			{why: "bits left over do not matter to Go", with: bundle("YR==")},
			{why: "nothing", with: bundle(""), refused: "spec.caBundle in body must be of type byte"},
			{why: "every authority that there is, and more", with: bundle(strings.Repeat("AAAA", 262144))},
			{why: "more than etcd takes", with: bundle(strings.Repeat("AAAA", 262145)), refused: "spec.caBundle: Too long"},
		})
	}
}

func TestAllowedNamespaces(t *testing.T) {
	allowed := func(value any) fields { return fields{"spec.allowedNamespaces": value} }
	expression := func(value map[string]any) fields {
		return allowed(map[string]any{"from": "Selector", "selector": map[string]any{"matchExpressions": []any{value}}})
	}
	testAdmission(t, clusterConnections, []admission{
		{why: "who may use credentials is said, not assumed", with: allowed(absent{}), refused: "spec.allowedNamespaces: Required value"},
		{why: "in so many words", with: allowed(map[string]any{}), refused: "spec.allowedNamespaces.from: Required value"},
		{why: "a word misspelt", with: allowed(map[string]any{"from": "Same"}), refused: `spec.allowedNamespaces.from: Unsupported value: "Same": supported values: "All", "Selector"`},
		{why: "some namespaces", with: allowed(map[string]any{"from": "Selector", "selector": map[string]any{"matchLabels": map[string]any{"team": "crm"}}})},
		{why: "which ones?", with: allowed(map[string]any{"from": "Selector"}), refused: fromMessage},
		{why: "all, or only these?", with: allowed(map[string]any{"from": "All", "selector": map[string]any{"matchLabels": map[string]any{"team": "crm"}}}), refused: fromMessage},
		{why: "an empty selector matches everything, as everywhere in Kubernetes", with: allowed(map[string]any{"from": "Selector", "selector": map[string]any{}})},
		{why: "one of", with: expression(map[string]any{"key": "team", "operator": "In", "values": []any{"crm", "web"}})},
		{why: "none of", with: expression(map[string]any{"key": "team", "operator": "NotIn", "values": []any{"crm"}})},
		{why: "any", with: expression(map[string]any{"key": "team", "operator": "Exists"})},
		{why: "none", with: expression(map[string]any{"key": "team", "operator": "DoesNotExist"})},
		{why: "an operator misspelt would allow nobody", with: expression(map[string]any{"key": "team", "operator": "Equals", "values": []any{"crm"}}), refused: operatorMessage},
		{why: "one of nothing", with: expression(map[string]any{"key": "team", "operator": "In"}), refused: operatorMessage},
		{why: "one of an empty list", with: expression(map[string]any{"key": "team", "operator": "In", "values": []any{}}), refused: operatorMessage},
		{why: "any, but which?", with: expression(map[string]any{"key": "team", "operator": "Exists", "values": []any{"crm"}}), refused: operatorMessage},
	})
}

func TestRateLimit(t *testing.T) {
	limit := func(values fields) fields {
		with := fields{}
		for name, value := range values {
			with["spec.rateLimit."+name] = value
		}
		return with
	}
	for _, k := range connectionKinds {
		testAdmission(t, k, []admission{
			{why: "the least", with: limit(fields{"requestsPerSecond": 1})},
			{why: "the most", with: limit(fields{"requestsPerSecond": 1000, "burst": 1000})},
			{why: "none at all would never issue a key", with: limit(fields{"requestsPerSecond": 0}), refused: "should be greater than or equal to 1"},
			{why: "more than Cognigy could take", with: limit(fields{"requestsPerSecond": 1001}), refused: "should be less than or equal to 1000"},
			{why: "a burst of none", with: limit(fields{"requestsPerSecond": 1, "burst": 0}), refused: "should be greater than or equal to 1"},
			{why: "a burst without bound", with: limit(fields{"requestsPerSecond": 1, "burst": 1001}), refused: "should be less than or equal to 1000"},
			{why: "a burst of what?", with: limit(fields{"burst": 5}), refused: "spec.rateLimit.requestsPerSecond: Required value"},
		})
	}
}

func TestOrphanPolicy(t *testing.T) {
	policy := func(value any) fields { return fields{"spec.orphanPolicy": value} }
	for _, k := range connectionKinds {
		testAdmission(t, k, []admission{
			{why: "orphans are reported", with: policy("Report")},
			{why: "or revoked", with: policy("Revoke")},
			{why: "or left alone", with: policy("Ignore")},
			{why: "nothing else is done with them", with: policy("Delete"), refused: `spec.orphanPolicy: Unsupported value: "Delete"`},
			{why: "empty, as from an unset template value", with: policy(""), refused: `spec.orphanPolicy: Unsupported value: ""`},
			{why: "case matters", with: policy("revoke"), refused: `spec.orphanPolicy: Unsupported value: "revoke"`},
			{why: "a policy is a word", with: policy(true), refused: "spec.orphanPolicy: Invalid value"},
		})
	}
}
