// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package crdschema reads CustomResourceDefinitions for tools that check resources without an API server.
package crdschema

import (
	"fmt"
	"os"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// Read reads a file with one CustomResourceDefinition.
func Read(file string) (*apiextensionsv1.CustomResourceDefinition, error) {
	text, err := os.ReadFile(file) //nolint:gosec // The file is named by whoever generates something.
	if err != nil {
		return nil, err
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(text, crd); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return crd, nil
}

// RefuseUnknown has the objects that list their fields refuse others. Nothing else than the walked schemas may describe fields, as the
// API server demands of a structural schema.
func RefuseUnknown(schema *apiextensionsv1.JSONSchemaProps) {
	for name, property := range schema.Properties {
		RefuseUnknown(&property)
		schema.Properties[name] = property
	}
	if schema.Items != nil && schema.Items.Schema != nil {
		RefuseUnknown(schema.Items.Schema)
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		RefuseUnknown(schema.AdditionalProperties.Schema)
	}
	preserves := schema.XPreserveUnknownFields != nil && *schema.XPreserveUnknownFields
	if len(schema.Properties) > 0 && schema.AdditionalProperties == nil && !preserves {
		schema.AdditionalProperties = &apiextensionsv1.JSONSchemaPropsOrBool{Allows: false}
	}
}
