// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"
)

const grantedMessage = "say which Endpoints are granted: set endpoints.ids, endpoints.projectIDs or both; to grant every Endpoint, leave grants out"

// grant is the least that a grant must say, changed by fields.
func grant(with fields) map[string]any {
	result := map[string]any{
		"namespaces": map[string]any{"from": "All"}, "endpoints": map[string]any{"ids": []any{"64f0c0ffee0123456789abcd"}},
	}
	for path, value := range with {
		set(result, strings.Split(path, "."), value)
	}
	return result
}

// many returns a number of ids.
func many(count int) []any {
	ids := make([]any, count)
	for i := range ids {
		ids[i] = fmt.Sprintf("%024d", i)
	}
	return ids
}

func TestGrants(t *testing.T) {
	one := func(with fields) fields { return fields{"spec.grants": []any{grant(with)}} }
	several := func(count int) fields {
		grants := make([]any, count)
		for i := range grants {
			grants[i] = grant(fields{"endpoints.ids": many(100)})
		}
		return fields{"spec.grants": grants}
	}
	testAdmission(t, clusterConnections, []admission{
		{why: "every Endpoint, which is not said in so many words", with: fields{"spec.grants": absent{}}},
		{why: "an empty list would look like nothing and mean everything", with: fields{"spec.grants": []any{}}, refused: "spec.grants in body should have at least 1 items"},
		{why: "an Endpoint for all", with: one(nil)},
		{why: "some namespaces", with: one(fields{"namespaces": map[string]any{"from": "Selector", "selector": map[string]any{"matchLabels": map[string]any{"team": "crm"}}}})},
		{why: "to whom?", with: one(fields{"namespaces": absent{}}), refused: "spec.grants[0].namespaces: Required value"},
		{why: "to which ones?", with: one(fields{"namespaces.from": "Selector"}), refused: fromMessage},
		{why: "an operator misspelt would grant nothing", with: one(fields{"namespaces": map[string]any{"from": "Selector", "selector": map[string]any{"matchExpressions": []any{map[string]any{"key": "team", "operator": "Is"}}}}}), refused: operatorMessage},
		{why: "for what?", with: one(fields{"endpoints": absent{}}), refused: "spec.grants[0].endpoints: Required value"},
		{why: "for which Endpoints?", with: one(fields{"endpoints": map[string]any{}}), refused: grantedMessage},
		{why: "for none", with: one(fields{"endpoints.ids": []any{}}), refused: "spec.grants[0].endpoints.ids in body should have at least 1 items"},
		{why: "null is no Endpoint", with: one(fields{"endpoints.ids": []any{nil}}), refused: "spec.grants[0].endpoints.ids[0]"},
		{why: "an id in upper case", with: one(fields{"endpoints.ids": []any{"64F0C0FFEE0123456789ABCD"}}), refused: endpointIDMessage},
		{why: "an id that is too short", with: one(fields{"endpoints.ids": []any{"64f0c0ffee"}}), refused: endpointIDMessage},
		{why: "a URL", with: one(fields{"endpoints.ids": []any{"https://endpoint-trial.cognigy.ai/1"}}), refused: "spec.grants[0].endpoints.ids[0]: Too long"},
		{why: "every Endpoint is spelled by leaving grants out", with: one(fields{"endpoints.ids": []any{"*"}}), refused: endpointIDMessage},
		{why: "an Endpoint twice", with: one(fields{"endpoints.ids": append(many(1), many(1)...)}), refused: "spec.grants[0].endpoints.ids[1]: Duplicate value"},
		{why: "as many as possible", with: several(100)},
		{why: "the Endpoints of projects", with: one(fields{"endpoints": map[string]any{"projectIDs": many(16)}})},
		{why: "those and some others", with: one(fields{"endpoints.projectIDs": many(1)})},
		{why: "of no project", with: one(fields{"endpoints.projectIDs": []any{}}), refused: "spec.grants[0].endpoints.projectIDs in body should have at least 1 items"},
		{why: "of too many projects, each of which is a list to request", with: one(fields{"endpoints.projectIDs": many(17)}), refused: "spec.grants[0].endpoints.projectIDs: Too many"},
		{why: "a project twice", with: one(fields{"endpoints.projectIDs": append(many(1), many(1)...)}), refused: "spec.grants[0].endpoints.projectIDs[1]: Duplicate value"},
		{why: "a project by its name", with: one(fields{"endpoints.projectIDs": []any{"Support"}}), refused: projectIDMessage},
		{why: "null is no project", with: one(fields{"endpoints.projectIDs": []any{nil}}), refused: "spec.grants[0].endpoints.projectIDs[0]"},
		{why: "null for both", with: one(fields{"endpoints": map[string]any{"ids": nil, "projectIDs": nil}}), refused: grantedMessage},
		{why: "too many grants", with: several(101), refused: "spec.grants: Too many"},
		{why: "too many Endpoints", with: one(fields{"endpoints.ids": many(101)}), refused: "spec.grants[0].endpoints.ids: Too many"},
	})
}
