// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	"github.com/cognigy-operator/cognigy-operator/hack/crdschema"
)

// crdReference is the key by which a schema stands for that of the spec of a custom resource, by its plural.
const crdReference = "crd"

// resolve returns a schema whose references are replaced by what they stand for.
func resolve(schema map[string]any) (map[string]any, error) {
	for key, inner := range schema {
		nested, ok := inner.(map[string]any)
		if !ok {
			continue
		}
		resolved, err := resolve(nested)
		if err != nil {
			return nil, err
		}
		schema[key] = resolved
	}
	if plural, ok := schema[crdReference].(string); ok {
		return specSchema(plural)
	}
	return schema, nil
}

// specSchema returns the closed schema of the spec of a custom resource, or of null, by which a file of values removes one of another file.
func specSchema(plural string) (map[string]any, error) {
	names, err := filepath.Glob(filepath.Join(crdFolder, "*_"+plural+".yaml"))
	if err != nil || len(names) != 1 {
		return nil, fmt.Errorf("%s has no single CustomResourceDefinition of %q", crdFolder, plural)
	}
	definition, err := crdschema.Read(names[0])
	if err != nil {
		return nil, err
	}
	spec := definition.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	crdschema.RefuseUnknown(&spec) // the API server drops what it does not know
	encoded, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	var schema map[string]any
	if err := json.Unmarshal(encoded, &schema); err != nil {
		return nil, err
	}
	removeExtensions(schema)
	schema["type"] = []string{"object", "null"}
	return schema, nil
}

// removeExtensions removes what only the API server reads.
func removeExtensions(schema any) {
	switch node := schema.(type) {
	case []any:
		for i := range node {
			removeExtensions(node[i])
		}
	case map[string]any:
		maps.DeleteFunc(node, func(key string, _ any) bool { return strings.HasPrefix(key, "x-kubernetes-") })
		for key := range node {
			removeExtensions(node[key])
		}
	}
}
