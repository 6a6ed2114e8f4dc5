// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package reference_test keeps the tables of docs/ that tell of the program to what the program has: go test ./test/reference -update
// writes them.
package reference_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
)

const root = "../.."

var update = flag.Bool("update", false, "write the tables of docs/")

// expectTable compares what stands in a page between two comments with a table.
func expectTable(t *testing.T, page, name string, header []string, rows [][]string) {
	t.Helper()
	g := NewWithT(t)
	var table strings.Builder
	for _, cells := range append([][]string{header, make([]string, len(header))}, rows...) {
		line := "| " + strings.Join(cells, " | ") + " |"
		if cells[0] == "" {
			line = strings.Repeat("| --- ", len(header)) + "|"
		}
		table.WriteString(line + "\n")
	}
	file := filepath.Join(root, "docs", page)
	text, err := os.ReadFile(file)
	g.Expect(err).NotTo(HaveOccurred())
	begin, end := "<!-- "+name+", generated -->\n", "<!-- end -->"
	before, rest, found := strings.Cut(string(text), begin)
	g.Expect(found).To(BeTrue(), "%s has no %q", page, begin)
	written, after, found := strings.Cut(rest, end)
	g.Expect(found).To(BeTrue(), "%s has no %q after %q", page, end, begin)
	if *update {
		g.Expect(os.WriteFile(file, []byte(before+begin+table.String()+end+after), 0o600)).To(Succeed())
		return
	}
	g.Expect(written).To(Equal(table.String()), "docs/%s is out of date: go test ./test/reference -update", page)
}

// constants returns the values of the API's constants whose names begin so.
func constants(t *testing.T, prefix string) (values []string) {
	t.Helper()
	g := NewWithT(t)
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "api/v1alpha1/conditions.go"), nil, 0)
	g.Expect(err).NotTo(HaveOccurred())
	ast.Inspect(file, func(node ast.Node) bool {
		if value, ok := node.(*ast.ValueSpec); ok && strings.HasPrefix(value.Names[0].Name, prefix) {
			text, err := strconv.Unquote(value.Values[0].(*ast.BasicLit).Value)
			g.Expect(err).NotTo(HaveOccurred())
			values = append(values, text)
		}
		return true
	})
	return values
}

func code(words ...string) string { return "`" + strings.Join(words, "`, `") + "`" }

func TestEvents(t *testing.T) {
	g := NewWithT(t)
	var own, repeated [][]string
	var described []string
	for _, known := range kube.EventReasons {
		own = append(own, []string{code(known.Reason), known.Type, code(known.Actions...), strings.Join(known.On, ", "), known.Means})
		described = append(described, known.Reason)
	}
	for _, known := range kube.RepeatedConditions {
		repeated = append(repeated, []string{code(known.Action), known.Type, strings.Join(known.On, ", "), known.Means})
	}
	for _, reason := range constants(t, "Reason") {
		g.Expect(described).NotTo(ContainElement(reason), "the reason of a condition and of another event")
	}
	g.Expect(described).To(ConsistOf(constants(t, "Event")), "every reason of the API is described")
	expectTable(t, "events.md", "events", []string{"reason", "type", "action", "on", "meaning"}, own)
	expectTable(t, "events.md", "repeated", []string{"action", "type", "on", "when"}, repeated)
}

func TestAudit(t *testing.T) {
	var fields [][]string
	line := reflect.TypeFor[audit.Line]()
	for i := range line.NumField() {
		name, options, _ := strings.Cut(line.Field(i).Tag.Get("json"), ",")
		always := "always"
		if options != "" {
			always = "where it applies"
		}
		fields = append(fields, []string{code(name), always, line.Field(i).Tag.Get("about")})
	}
	expectTable(t, "audit.md", "fields", []string{"field", "present", "what it says"}, fields)
	for name, described := range map[string][]audit.Description{"actions": audit.Actions, "reasons": audit.Reasons} {
		var rows [][]string
		for _, known := range described {
			rows = append(rows, []string{code(known.Name), known.Means})
		}
		expectTable(t, "audit.md", name, []string{strings.TrimSuffix(name, "s"), "meaning"}, rows)
	}
}

// Every constant of package audit is described, once.
func TestAuditIsDescribed(t *testing.T) {
	g := NewWithT(t)
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "internal/audit/line.go"), nil, 0)
	g.Expect(err).NotTo(HaveOccurred())
	declared := map[string][]string{}
	ast.Inspect(file, func(node ast.Node) bool {
		if spec, ok := node.(*ast.ValueSpec); ok && spec.Type != nil {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			g.Expect(err).NotTo(HaveOccurred())
			kind := fmt.Sprint(spec.Type)
			declared[kind] = append(declared[kind], value)
		}
		return true
	})
	names := func(described []audit.Description) (names []string) {
		for _, known := range described {
			names = append(names, known.Name)
		}
		return names
	}
	g.Expect(names(audit.Actions)).To(ConsistOf(declared["Action"]))
	g.Expect(names(audit.Reasons)).To(ConsistOf(declared["Reason"]))
}
