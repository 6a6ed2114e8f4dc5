// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"maps"
	"slices"
)

// deed is something that can happen in a world of chaos.
type deed struct {
	weight int // how often it happens, compared with others
	do     func(*chaos, step) error
}

func deedOf(name string) (deed, bool) {
	for _, deeds := range []map[string]deed{operations, faults} {
		if found, ok := deeds[name]; ok {
			return found, true
		}
	}
	return deed{}, false
}

func sortedNames(deeds map[string]deed) []string { return slices.Sorted(maps.Keys(deeds)) }
