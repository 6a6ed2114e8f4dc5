// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command schemas writes the schemas of CustomResourceDefinitions as JSON schemas, for tools that check manifests without a cluster:
//
//	schemas OUTPUT-FOLDER CRD-FILE...
//
// Each version of a kind becomes <group>/<kind>_<version>.json, the layout that kubeconform's users know from the CRDs-catalog. As
// kubectl does, and unlike the API server, the schemas refuse fields that they do not know.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/cognigy-operator/cognigy-operator/hack/crdschema"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: schemas OUTPUT-FOLDER CRD-FILE...")
		os.Exit(2)
	}
	for _, file := range os.Args[2:] {
		if err := write(os.Args[1], file); err != nil {
			fmt.Fprintf(os.Stderr, "schemas: %s: %v\n", file, err)
			os.Exit(1)
		}
	}
}

// write writes the schema of each version of the CustomResourceDefinition in a file.
func write(folder, file string) error {
	crd, err := crdschema.Read(file)
	if err != nil {
		return err
	}
	for _, version := range crd.Spec.Versions {
		schema := version.Schema.OpenAPIV3Schema
		crdschema.RefuseUnknown(schema)
		// The API server gives every object metadata; its schema is Kubernetes' own.
		schema.Properties["metadata"] = apiextensionsv1.JSONSchemaProps{Type: "object"}
		encoded, err := json.MarshalIndent(schema, "", "  ")
		if err != nil {
			return err
		}
		output := filepath.Join(folder, crd.Spec.Group, strings.ToLower(crd.Spec.Names.Kind)+"_"+version.Name+".json")
		if err := os.MkdirAll(filepath.Dir(output), 0o755); err != nil { //nolint:gosec // It is public.
			return err
		}
		if err := os.WriteFile(output, append(encoded, '\n'), 0o644); err != nil { //nolint:gosec // It is public.
			return err
		}
	}
	return nil
}
