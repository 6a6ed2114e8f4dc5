// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"maps"
	"slices"
)

// operation is something that can happen in an environment of chaos.
type operation struct {
	weight int // how often it happens, compared with others
	do     func(*chaos, step) error
}

func operationOf(name string) (operation, bool) {
	for _, operations := range []map[string]operation{operations, faults} {
		if found, ok := operations[name]; ok {
			return found, true
		}
	}
	return operation{}, false
}

func sortedNames(operations map[string]operation) []string {
	return slices.Sorted(maps.Keys(operations))
}
