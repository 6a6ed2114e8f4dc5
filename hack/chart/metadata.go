// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/cognigy-operator/cognigy-operator/hack/crdschema"
)

// crd is what Artifact Hub shows of a CustomResourceDefinition.
type crd struct {
	Kind        string `yaml:"kind"`
	Version     string `yaml:"version"`
	Name        string `yaml:"name"`
	DisplayName string `yaml:"displayName"`
	Description string `yaml:"description"`
}

// image is an image as Artifact Hub scans it.
type image struct {
	Name  string `yaml:"name"`
	Image string `yaml:"image"`
}

// withMetadata returns Chart.yaml with the version, and with Artifact Hub's annotations
// (https://artifacthub.io/docs/topics/annotations/helm/) if the chart installs CustomResourceDefinitions.
func (c chart) withMetadata(metadata []byte) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(metadata, &document); err != nil {
		return nil, err
	}
	root := document.Content[0]
	set(root, "version", c.version)
	set(root, "appVersion", c.version)
	crds, err := c.crds()
	if err != nil {
		return nil, err
	}
	if len(crds) > 0 {
		if err := c.annotate(child(root, "annotations"), crds); err != nil {
			return nil, err
		}
	}
	var printed bytes.Buffer
	encoder := yaml.NewEncoder(&printed)
	encoder.SetIndent(2)
	err = encoder.Encode(&document)
	return printed.Bytes(), err
}

func (c chart) annotate(annotations *yaml.Node, crds []crd) error {
	examples, err := readAll(filepath.Join(samplesFolder, "cognigy-operator.io_*.yaml"))
	if err != nil {
		return err
	}
	changelog, err := os.ReadFile(changelogFile)
	if err != nil {
		return err
	}
	for _, each := range []struct {
		name  string
		value any
	}{
		{"artifacthub.io/changes", changesOf(changelog, c.version)},
		{"artifacthub.io/crds", crds},
		{"artifacthub.io/crdsExamples", examples},
		{"artifacthub.io/images", []image{{Name: filepath.Base(c.image), Image: c.image + ":" + c.version}}},
	} {
		printed, err := yaml.Marshal(each.value)
		if err != nil {
			return err
		}
		set(annotations, each.name, string(printed))
	}
	return nil
}

// crds returns what the chart's CustomResourceDefinitions define.
func (c chart) crds() (found []crd, err error) {
	names, err := filepath.Glob(filepath.Join(c.folder, "files", "crds", "*.yaml"))
	for _, name := range names {
		definition, err := crdschema.Read(name)
		if err != nil {
			return nil, err
		}
		kind, version := definition.Spec.Names.Kind, definition.Spec.Versions[0]
		found = append(found, crd{
			Kind: kind, Version: version.Name, Name: definition.Name, DisplayName: kind,
			Description: strings.Join(strings.Fields(version.Schema.OpenAPIV3Schema.Description), " "),
		})
	}
	return found, err
}

// readAll reads files that a pattern matches, of one YAML document each.
func readAll(pattern string) (all []any, err error) {
	names, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		content, err := os.ReadFile(name) //nolint:gosec // a file of this repository
		if err != nil {
			return nil, err
		}
		var one any
		if err := yaml.Unmarshal(content, &one); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, one)
	}
	return all, nil
}

// child returns the value of a key, which it adds as a map if it is missing.
func child(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	added := &yaml.Node{Kind: yaml.MappingNode}
	mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, added)
	return added
}

// set gives a key a text.
func set(mapping *yaml.Node, key, text string) {
	child(mapping, key).SetString(text)
}
