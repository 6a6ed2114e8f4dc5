// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package states

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// constants returns the values of the API's constants whose names begin so.
func constants(t *testing.T, prefix string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../api/v1alpha1/conditions.go", nil, 0)
	g := NewWithT(t)
	g.Expect(err).NotTo(HaveOccurred())
	var values []string
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, prefix) {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		g.Expect(err).NotTo(HaveOccurred())
		values = append(values, value)
		return true
	})
	return values
}

// Every condition and every reason of the API is that of a captured state, and no captured state has one that the API does not know.
// What fails here is mended by `make states`, and where no spec of the integration suite reaches a state, by one that does.
func TestEveryReasonHasAState(t *testing.T) {
	g := NewWithT(t)
	types, reasons := map[string]bool{}, map[string]bool{}
	for _, state := range All() {
		g.Expect(facts(state.Object)).To(ContainElement(state.Name), "a state's name says what it is")
		for name, condition := range Conditions(state.Object) {
			types[name], reasons[condition.Reason] = true, true
		}
	}
	g.Expect(slices.Collect(maps.Keys(types))).To(ConsistOf(constants(t, "Condition")))
	g.Expect(slices.Collect(maps.Keys(reasons))).To(ConsistOf(constants(t, "Reason")))
}

// Whatever tells tools to wait or not is there.
func TestPhases(t *testing.T) {
	var names []string
	for _, state := range All() {
		names = append(names, state.Name)
	}
	for _, kind := range []string{"endpointapikey", "cognigyconnection", "clustercognigyconnection"} {
		NewWithT(t).Expect(names).To(ContainElements(kind+"-new", HavePrefix(kind+"-outdated-"), HavePrefix(kind+"-deleting-"),
			HavePrefix(kind+"-ready-true-")))
	}
	NewWithT(t).Expect(names).To(ContainElements("endpointapikey-ready-true-suspended", "endpointapikey-ready-false-suspended"))
}

// An object that is captured again is the same text.
func TestNormalise(t *testing.T) {
	for _, state := range All() {
		again, err := normalise(state.Object)
		g := NewWithT(t)
		g.Expect(err).NotTo(HaveOccurred())
		data, err := os.ReadFile(filepath.Join(folder(), state.Name+".yaml"))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(again).To(Equal(string(data)))
	}
}
