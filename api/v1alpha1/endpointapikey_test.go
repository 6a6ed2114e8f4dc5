// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"strings"
	"testing"
)

const (
	endpointMessage   = "say which Endpoint: set endpoint.id to its 24-character id, or else both endpoint.projectID and endpoint.name"
	endpointIDMessage = "an Endpoint id is 24 characters, each a lower-case letter or a digit; copy it from the Endpoint's address in Cognigy.AI"
)

func TestEndpointAPIKeyAdmission(t *testing.T) {
	testAdmission(t, keys, []admission{
		{why: "the quick start is this short", with: nil},
		{
			why: "the design's full example is valid",
			with: fields{
				"spec.connectionRef.kind": "ClusterCognigyConnection",
				"spec.displayName":        "My CRM webhook",
				"spec.secret":             map[string]any{"name": "crm-webhook-key", "key": "api-key", "labels": map[string]any{}, "annotations": map[string]any{}},
				"spec.rotation":           map[string]any{"every": "720h", "overlap": "24h", "notBefore": "2026-11-22T10:00:00Z"},
				"spec.deletionPolicy":     "Revoke", "spec.suspend": false,
			},
		},
		{why: "without a spec nothing is wanted", with: fields{"spec": absent{}}, refused: "spec: Required value"},

		{why: "a key needs a connection", with: fields{"spec.connectionRef": absent{}}, refused: "spec.connectionRef: Required value"},
		{why: "a reference needs a name", with: fields{"spec.connectionRef.name": absent{}}, refused: "spec.connectionRef.name: Required value"},
		{why: "an empty name, as from an unset template value, names nothing", with: fields{"spec.connectionRef.name": ""}, refused: nameMessage},
		{why: "a name that no object can have would be waited for for ever", with: fields{"spec.connectionRef.name": "Production EU"}, refused: nameMessage},
		{why: "a name must not climb out of its path", with: fields{"spec.connectionRef.name": "../secrets"}, refused: nameMessage},
		{why: "the longest name of an object can be referred to", with: fields{"spec.connectionRef.name": strings.Repeat("a", 253)}},
		{why: "a longer one cannot exist", with: fields{"spec.connectionRef.name": strings.Repeat("a", 254)}, refused: "spec.connectionRef.name: Too long"},
		{why: "the namespaced kind may be written out", with: fields{"spec.connectionRef.kind": "CognigyConnection"}},
		{
			why: "a kind that does not exist is a typing error", with: fields{"spec.connectionRef.kind": "ClusterConnection"},
			refused: `spec.connectionRef.kind: Unsupported value: "ClusterConnection": supported values: "CognigyConnection", "ClusterCognigyConnection"`,
		},

		{why: "a key opens an Endpoint", with: fields{"spec.endpoint": absent{}}, refused: "spec.endpoint: Required value"},
		{why: "exactly one way to name the Endpoint is needed", with: fields{"spec.endpoint": map[string]any{}}, refused: endpointMessage},
		{why: "an empty id, as from an unset template value, names nothing", with: fields{"spec.endpoint.id": ""}, refused: endpointIDMessage},
		{why: "Cognigy's ids are lower-case; another spelling is not found", with: fields{"spec.endpoint.id": "64F0C0FFEE0123456789ABCD"}, refused: endpointIDMessage},
		{why: "the id becomes part of a URL", with: fields{"spec.endpoint.id": "64f0c0ffee0123456789ab/."}, refused: endpointIDMessage},
		{why: "a character too few is a copying error", with: fields{"spec.endpoint.id": "64f0c0ffee0123456789abc"}, refused: endpointIDMessage},
		{why: "a character too many is a copying error", with: fields{"spec.endpoint.id": "64f0c0ffee0123456789abcde"}, refused: endpointIDMessage},
		{why: "whoever pastes the whole address learns what is wanted", with: fields{"spec.endpoint.id": "https://trial.cognigy.ai/project/64f0c0ffee0123456789aaaa/64f0c0ffee0123456789abcd"}, refused: endpointIDMessage},
		{why: "the length is bounded for the sake of the rule's cost", with: fields{"spec.endpoint.id": strings.Repeat("a", 2049)}, refused: "spec.endpoint.id: Too long"},

		{why: "an empty display name means the default", with: fields{"spec.displayName": ""}},
		{why: "a display name leaves room for attempt and marker", with: fields{"spec.displayName": strings.Repeat("a", 112)}},
		{why: "one more character does not", with: fields{"spec.displayName": strings.Repeat("a", 113)}, refused: "spec.displayName: Too long"},
		{why: "500 characters are refused before Cognigy sees them", with: fields{"spec.displayName": strings.Repeat("a", 500)}, refused: "spec.displayName: Too long"},
		{why: "only Cognigy knows whether it takes an emoji", with: fields{"spec.displayName": strings.Repeat("🔑", 112)}},

		{why: "a retained key survives its resource", with: fields{"spec.deletionPolicy": "Retain"}},
		{
			why: "a policy misspelt must not fall back to the default", with: fields{"spec.deletionPolicy": "Delete"},
			refused: `spec.deletionPolicy: Unsupported value: "Delete": supported values: "Revoke", "Retain"`,
		},
		{why: "an empty policy is none", with: fields{"spec.deletionPolicy": ""}, refused: `supported values: "Revoke", "Retain"`},
		{why: "suspending is a yes or no", with: fields{"spec.suspend": true}},
		{why: "a quoted yes is a string", with: fields{"spec.suspend": "true"}, refused: "spec.suspend: Invalid value"},
	})
}
