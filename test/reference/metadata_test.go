// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reference_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// metadata returns a row for each name of api/v1alpha1/metadata.go, by table: finalizers, the record and the other names that a group
// declares for Secrets, and requests.
func metadata(t *testing.T) map[string][][]string {
	t.Helper()
	g := NewWithT(t)
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "api/v1alpha1/metadata.go"), nil, parser.ParseComments)
	g.Expect(err).NotTo(HaveOccurred())
	tables := map[string][][]string{}
	for _, declaration := range file.Decls {
		group := declaration.(*ast.GenDecl)
		for _, spec := range group.Specs {
			constant := spec.(*ast.ValueSpec)
			value := constant.Values[0].(*ast.BasicLit)
			if value.Kind != token.STRING {
				continue
			}
			name, err := strconv.Unquote(value.Value)
			g.Expect(err).NotTo(HaveOccurred())
			doc, table := constant.Doc, "record"
			switch {
			case strings.HasSuffix(constant.Names[0].Name, "Finalizer"):
				doc, table = group.Doc, "finalizers"
			case !group.Lparen.IsValid():
				doc, table = group.Doc, "requests"
			}
			tables[table] = append(tables[table], []string{code(name), meaning(constant.Names[0].Name, doc)})
		}
	}
	return tables
}

// meaning turns the comment of a constant into a cell: without the constant's name, which says nothing to a user.
func meaning(name string, doc *ast.CommentGroup) string {
	text := strings.Join(strings.Fields(doc.Text()), " ")
	text = strings.TrimPrefix(strings.TrimPrefix(text, name+" "), "is ")
	return strings.ReplaceAll(strings.ToUpper(text[:1])+text[1:], "|", "\\|")
}

func TestMetadata(t *testing.T) {
	g := NewWithT(t)
	tables := metadata(t)
	for _, name := range []string{"requests", "record", "finalizers"} {
		g.Expect(tables).To(HaveKey(name))
		expectTable(t, "labels-and-annotations.md", name, []string{"name", "meaning"}, tables[name])
	}
}

// Whatever name the code, the manifests or the charts use stands in the page.
func TestMetadataIsComplete(t *testing.T) {
	g := NewWithT(t)
	page, err := os.ReadFile(filepath.Join(root, "docs/labels-and-annotations.md"))
	g.Expect(err).NotTo(HaveOccurred())
	grep := exec.CommandContext(t.Context(), "git", "-C", root, "grep", "-ohE", v1alpha1.GroupVersion.Group+"/[a-z-]+",
		"--", "api/*.go", "internal/*.go", "cmd/*.go", "config", "charts", ":!*_test.go")
	found, err := grep.Output()
	g.Expect(err).NotTo(HaveOccurred())
	names := strings.Fields(string(found))
	slices.Sort(names)
	version := regexp.MustCompile(`/v$`) // of apiVersion, whose number the pattern leaves out
	for _, name := range slices.Compact(names) {
		if !version.MatchString(name) {
			g.Expect(string(page)).To(ContainSubstring(name))
		}
	}
}
