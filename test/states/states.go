// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package states

import (
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
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
		objects, err := installation.Read(filepath.Join(folder(), file.Name()))
		if err != nil || len(objects) != 1 {
			panic(fmt.Sprintf("%s has %d objects: %v", file.Name(), len(objects), err))
		}
		all = append(all, State{Name: strings.TrimSuffix(file.Name(), ".yaml"), Object: objects[0]})
	}
	return all
}
