// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// annotation begins the lines of a comment that add to the schema of the value below.
const annotation = "@schema "

// value is a value of a chart, with what the comment above it says.
type value struct {
	path        string // as in --set
	name        string
	description string
	schema      map[string]any // what its annotation adds
	node        *yaml.Node
	children    []value // of a section
}

// isSection reports whether the names of a value's entries are those that values.yaml has. Otherwise it is a map that users fill.
func (v value) isSection() bool {
	return v.node.Kind == yaml.MappingNode && len(v.node.Content) > 0 && v.schema["additionalProperties"] == nil && v.schema["properties"] == nil
}

// parseValues reads an annotated values.yaml.
func parseValues(annotated []byte) ([]value, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(annotated, &document); err != nil {
		return nil, err
	}
	return valuesOf("", document.Content[0])
}

func valuesOf(prefix string, mapping *yaml.Node) (values []value, err error) {
	var errs []error
	for i := 0; i < len(mapping.Content); i += 2 {
		key, node := mapping.Content[i], mapping.Content[i+1]
		v := value{path: prefix + key.Value, name: key.Value, node: node}
		if v.description, v.schema, err = parseComment(key.HeadComment); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", v.path, err))
		}
		if v.isSection() {
			v.children, err = valuesOf(v.path+".", node)
			errs = append(errs, err)
		} else if v.description == "" {
			errs = append(errs, fmt.Errorf("%s: a comment has to say what it is for", v.path))
		}
		values = append(values, v)
	}
	return values, errors.Join(errs...)
}

// parseComment returns what a comment says, and the schema that it adds. Of several paragraphs, the last is the value's own.
func parseComment(comment string) (description string, schema map[string]any, err error) {
	paragraphs := strings.Split(comment, "\n\n")
	var words []string
	for line := range strings.Lines(paragraphs[len(paragraphs)-1]) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "#"))
		if added, ok := strings.CutPrefix(line, annotation); ok {
			if err := yaml.Unmarshal([]byte(added), &schema); err != nil {
				return "", nil, fmt.Errorf("%s%s: %w", annotation, added, err)
			}
			continue
		}
		words = append(words, line)
	}
	return strings.TrimSpace(strings.Join(words, " ")), schema, nil
}
