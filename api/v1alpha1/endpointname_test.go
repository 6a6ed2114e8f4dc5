// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"strings"
	"testing"
)

const projectIDMessage = "a project id is 24 characters, each a lower-case letter or a digit; copy it from the project's address in Cognigy.AI"

// byName is an Endpoint by its project and its name, changed by fields.
func byName(with fields) fields {
	endpoint := map[string]any{"projectID": "64f0c0ffee0123456789aaaa", "name": "CRM webhook"}
	for path, value := range with {
		set(endpoint, strings.Split(path, "."), value)
	}
	return fields{"spec.endpoint": endpoint}
}

// The name is compared with Cognigy's, which takes any.
func TestEndpointByName(t *testing.T) {
	testAdmission(t, keys, []admission{
		{why: "a project, and a name there", with: byName(nil)},
		{why: "a name without a project could mean any", with: byName(fields{"projectID": absent{}}), refused: endpointMessage},
		{why: "a project alone has many Endpoints", with: byName(fields{"name": absent{}}), refused: endpointMessage},
		{why: "null is no name", with: byName(fields{"name": nil}), refused: endpointMessage},
		{why: "an id says it all, and a name could contradict it", with: byName(fields{"id": "64f0c0ffee0123456789abcd"}), refused: endpointMessage},
		{why: "so could a project", with: byName(fields{"id": "64f0c0ffee0123456789abcd", "name": absent{}}), refused: endpointMessage},
		{why: "an empty name, as from an unset template value, names nothing", with: byName(fields{"name": ""}), refused: "spec.endpoint.name in body should be at least 1 chars long"},
		{why: "people write names as they like", with: byName(fields{"name": " Übergabe – CRM (neu) 🔑 "})},
		{why: "as long as names may be", with: byName(fields{"name": strings.Repeat("🔑", 200)})},
		{why: "longer than names may be", with: byName(fields{"name": strings.Repeat("a", 201)}), refused: "spec.endpoint.name: Too long: may not be more than 200"},
		{why: "a project by its name", with: byName(fields{"projectID": "Support"}), refused: projectIDMessage},
		{why: "a project id in upper case", with: byName(fields{"projectID": "64F0C0FFEE0123456789AAAA"}), refused: projectIDMessage},
		{why: "an empty project", with: byName(fields{"projectID": ""}), refused: projectIDMessage},
		{why: "a whole address", with: byName(fields{"projectID": "https://trial.cognigy.ai/project/64f0c0ffee0123456789aaaa"}), refused: "spec.endpoint.projectID: Too long"},
	})
}

func TestNamedEndpointChanges(t *testing.T) {
	testChanges(t, keys, []change{
		{why: "applying the same again is no change", from: byName(nil), to: byName(nil)},
		{why: "another name may mean another Endpoint", from: byName(nil), to: byName(fields{"name": "crm webhook"}), refused: endpointImmutable},
		{why: "another project has others", from: byName(nil), to: byName(fields{"projectID": "64f0c0ffee0123456789aaab"}), refused: endpointImmutable},
		{why: "an id may be another Endpoint's", from: byName(nil), refused: endpointImmutable},
		{why: "and a name may mean another one", to: byName(nil), refused: endpointImmutable},
	})
}
