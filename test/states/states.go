// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package states

import (
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// folder holds the states.
func folder() string {
	_, here, _, _ := goruntime.Caller(0)
	return filepath.Join(filepath.Dir(here), "captured")
}

// State is a state of a resource.
type State struct {
	// Name is the kind in lower case, and what makes the state: endpointapikey-ready-false-unauthorized-stalled.
	Name string
	// Object is an example of it, as the API server had it. Times, UIDs, ids, namespaces and ports are not the real ones.
	Object *unstructured.Unstructured
}

// All returns every state, by name. It panics if a file of the folder is no object.
func All() []State {
	files, err := os.ReadDir(folder())
	if err != nil {
		panic(err)
	}
	var all []State
	for _, file := range files {
		object, err := read(filepath.Join(folder(), file.Name()))
		if err != nil {
			panic(file.Name() + ": " + err.Error())
		}
		all = append(all, State{Name: strings.TrimSuffix(file.Name(), ".yaml"), Object: object})
	}
	return all
}

// read reads an object from a file.
func read(file string) (*unstructured.Unstructured, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if data, err = yaml.YAMLToJSON(data); err != nil {
		return nil, err
	}
	object := &unstructured.Unstructured{}
	return object, object.UnmarshalJSON(data)
}
