// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
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
	content, err := os.ReadFile(names[0])
	if err != nil {
		return nil, err
	}
	var definition struct {
		Spec struct {
			Versions []struct {
				Schema struct {
					OpenAPIV3Schema struct {
						Properties struct{ Spec map[string]any }
					} `yaml:"openAPIV3Schema"`
				}
			}
		}
	}
	if err := yaml.Unmarshal(content, &definition); err != nil {
		return nil, err
	}
	schema := closed(definition.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties.Spec).(map[string]any)
	schema["type"] = []string{"object", "null"}
	return schema, nil
}

// closed returns a schema that refuses unknown fields, which the API server drops, and without what only the API server reads.
func closed(schema any) any {
	switch node := schema.(type) {
	case []any:
		for i := range node {
			node[i] = closed(node[i])
		}
	case map[string]any:
		for key := range node {
			if strings.HasPrefix(key, "x-kubernetes-") {
				delete(node, key)
				continue
			}
			node[key] = closed(node[key])
		}
		if _, isObject := node["properties"].(map[string]any); isObject && node["type"] == "object" {
			node["additionalProperties"] = false
		}
	}
	return schema
}
