// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/openapi"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// errNotPublished says that the API server serves none of the operator's kinds, or publishes no schemas.
var errNotPublished = errors.New("the API server publishes no schema of " + v1alpha1.GroupVersion.String())

// apiTypes are those of the operator's kinds.
var apiTypes = []any{v1alpha1.EndpointAPIKey{}, v1alpha1.CognigyConnection{}, v1alpha1.ClusterCognigyConnection{}}

// published is what is read of an object's schema, as the API server publishes it for clients. To read that takes no permission, other
// than to read CustomResourceDefinitions.
type published struct {
	Type                 string               `json:"type"`
	Properties           map[string]published `json:"properties"`
	Items                *published           `json:"items"`
	AdditionalProperties json.RawMessage      `json:"additionalProperties"` // a schema or a bool
	Preserves            bool                 `json:"x-kubernetes-preserve-unknown-fields"`

	Kinds []schema.GroupVersionKind `json:"x-kubernetes-group-version-kind"`
}

// missingFields returns the fields of the operator's types that an API server does not know, sorted. A kind that it does not serve is
// none of them: without it, nothing could lose a field.
func missingFields(client openapi.Client) ([]string, error) {
	paths, err := client.Paths()
	if err != nil {
		return nil, err
	}
	path, ok := paths["apis/"+v1alpha1.GroupVersion.String()]
	if !ok {
		return nil, errNotPublished
	}
	text, err := path.Schema("application/json")
	if err != nil {
		return nil, err
	}
	var document struct {
		Components struct {
			Schemas map[string]published `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("reading the schema of %s: %w", v1alpha1.GroupVersion, err)
	}
	var missing []string
	for _, known := range document.Components.Schemas {
		for _, kind := range apiTypes {
			of := reflect.TypeOf(kind)
			if slices.Contains(known.Kinds, v1alpha1.GroupVersion.WithKind(of.Name())) {
				missing = append(missing, known.lacks(of, of.Name())...)
			}
		}
	}
	slices.Sort(missing)
	return missing, nil
}

// lacks returns the paths of the fields of a Go type that a schema does not list, so that the API server drops them. Below a field that
// it does not list there are no others.
func (p published) lacks(of reflect.Type, path string) (missing []string) {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch {
	case of.Kind() == reflect.Slice && p.Items != nil:
		return p.Items.lacks(of.Elem(), path+"[]")
	case of.Kind() == reflect.Map:
		var values published
		if json.Unmarshal(p.AdditionalProperties, &values) != nil {
			return nil // whatever is there, or nothing
		}
		return values.lacks(of.Elem(), path+"{}")
	case of.Kind() != reflect.Struct || p.Type != "object" || p.Preserves:
		return nil // a struct may be a text, such as a time
	}
	return p.lacksAny(of, path)
}

// lacksAny does the same for the fields of a struct.
func (p published) lacksAny(of reflect.Type, path string) (missing []string) {
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		known, ok := p.Properties[name]
		switch {
		case name == "" && field.Anonymous:
			missing = append(missing, p.lacksAny(field.Type, path)...)
		case name == "metadata": // of which the API server publishes only where it is described
		case ok:
			missing = append(missing, known.lacks(field.Type, path+"."+name)...)
		default:
			missing = append(missing, path+"."+name)
		}
	}
	return missing
}
