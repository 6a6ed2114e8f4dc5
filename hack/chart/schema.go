// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"go.yaml.in/yaml/v3"
)

// inherited are values that Helm or a parent chart gives to a subchart: global ones, and by convention the condition of the dependency.
var inherited = map[string]any{"global": map[string]any{"type": "object"}, "enabled": map[string]any{"type": "boolean"}}

// types are those of JSON schema, by the tags of YAML.
var types = map[string]string{"!!str": "string", "!!bool": "boolean", "!!int": "integer", "!!seq": "array", "!!map": "object"}

// schemaOf returns the JSON schema of the values. It is closed: of what values.yaml does not have, the schema refuses everything.
func schemaOf(values []value) ([]byte, error) {
	schema, err := section(values)
	if err != nil {
		return nil, err
	}
	maps.Copy(schema["properties"].(map[string]any), inherited)
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	var printed bytes.Buffer
	encoder := json.NewEncoder(&printed)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err = encoder.Encode(schema)
	return printed.Bytes(), err
}

func section(values []value) (map[string]any, error) {
	var errs []error
	properties := map[string]any{}
	for _, v := range values {
		property, err := v.property()
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", v.path, err))
		}
		properties[v.name] = property
	}
	return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}, errors.Join(errs...)
}

// property returns the schema of a value.
func (v value) property() (property map[string]any, err error) {
	if v.isSection() {
		if property, err = section(v.children); err != nil {
			return nil, err
		}
	} else if property, err = v.leaf(); err != nil {
		return nil, err
	}
	if v.description != "" {
		property["description"] = v.description
	}
	added, err := resolve(v.schema)
	maps.Copy(property, added)
	return property, err
}

// leaf returns what a default tells of a value, and what it does not say it wants to be told.
func (v value) leaf() (map[string]any, error) {
	property := map[string]any{}
	if given, ok := types[v.node.Tag]; ok {
		property["type"] = given
	} else if v.schema["type"] == nil {
		return nil, fmt.Errorf("the default does not tell the type: add one by %s{type: …}", annotation)
	}
	switch v.node.Kind {
	case yaml.SequenceNode:
		if v.schema["items"] == nil {
			return nil, fmt.Errorf("add what the list holds by %s{items: …}", annotation)
		}
	case yaml.MappingNode:
		if v.schema["additionalProperties"] == nil && v.schema["properties"] == nil {
			return nil, fmt.Errorf("add what the map holds by %s{additionalProperties: …}", annotation)
		}
		property["additionalProperties"] = false
	}
	return property, nil
}
