// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package hack_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// Whoever meets a reason finds in the documentation what it means, and the documentation explains none that does not exist.
func TestReasonsAreExplained(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "api", "v1alpha1", "conditions.go"), nil, 0)
	g.Expect(err).NotTo(HaveOccurred())
	var reasons []string
	ast.Inspect(file, func(node ast.Node) bool {
		constant, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(constant.Names[0].Name, "Reason") {
			return true
		}
		reason, err := strconv.Unquote(constant.Values[0].(*ast.BasicLit).Value)
		g.Expect(err).NotTo(HaveOccurred())
		reasons = append(reasons, reason)
		return true
	})
	_, table, found := strings.Cut(read(t, filepath.Join("..", "docs", "troubleshooting.md")), "\n## Reasons\n")
	g.Expect(found).To(BeTrue())
	table, _, _ = strings.Cut(table, "\n## ")
	var explained []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*) \\|").FindAllStringSubmatch(table, -1) {
		name, _, _ := strings.Cut(row[1], " (")
		for reason := range strings.SplitSeq(name, ", ") {
			explained = append(explained, strings.Trim(reason, "`"))
		}
	}
	slices.Sort(explained)
	g.Expect(slices.Compact(explained)).To(ConsistOf(reasons))
}
