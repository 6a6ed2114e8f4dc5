// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/cognigy-operator/cognigy-operator/hack/crdschema"
)

// Of a field that its definition lacks, the path is found, and no other's.
func TestLacks(t *testing.T) {
	g := NewWithT(t)
	for _, kind := range apiTypes {
		of := reflect.TypeOf(kind)
		files, err := filepath.Glob(filepath.Join("..", "..", "config", "crd", "bases", "*.yaml"))
		g.Expect(err).NotTo(HaveOccurred())
		removed := 0
		for _, file := range files {
			crd, err := crdschema.Read(file)
			g.Expect(err).NotTo(HaveOccurred())
			if crd.Spec.Names.Kind != of.Name() {
				continue
			}
			whole := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
			for _, field := range []string{"apiVersion", "kind", "metadata"} {
				g.Expect(whole.Properties).To(HaveKey(field))
			}
			g.Expect(publishedAs(g, whole).lacks(of, of.Name())).To(BeEmpty())
			eachWithoutOne(whole, of.Name(), func(without string) {
				removed++
				if without == of.Name()+".metadata" {
					return
				}
				g.Expect(publishedAs(g, whole).lacks(of, of.Name())).To(Equal([]string{without}))
			})
		}
		g.Expect(removed).To(BeNumerically(">", 30), of.Name())
	}
}

// publishedAs reads a schema as the API server publishes it.
func publishedAs(g Gomega, whole *apiextensionsv1.JSONSchemaProps) (read published) {
	text, err := json.Marshal(whole)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(json.Unmarshal(text, &read)).To(Succeed())
	return read
}

// eachWithoutOne removes each field of a schema in turn, calls do with its path, and puts it back.
func eachWithoutOne(schema *apiextensionsv1.JSONSchemaProps, path string, do func(without string)) {
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		field := schema.Properties[name]
		delete(schema.Properties, name)
		do(path + "." + name)
		schema.Properties[name] = field
		eachWithoutOne(&field, path+"."+name, do) // whose own fields the copy shares
	}
	if schema.Items != nil && schema.Items.Schema != nil {
		eachWithoutOne(schema.Items.Schema, path+"[]", do)
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		eachWithoutOne(schema.AdditionalProperties.Schema, path+"{}", do)
	}
}
