// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package glossary_test keeps names to the terms of docs/glossary.md.
package glossary_test

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

const root = "../.."

// avoided are the words and phrases of the glossary's table "Avoided", in the order of the table: of "let go", an identifier
// must not have the words let and go side by side.
func avoided(t *testing.T) [][]string {
	t.Helper()
	g := NewWithT(t)
	file, err := os.Open(filepath.Join(root, "docs", "glossary.md"))
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = file.Close() }()
	var phrases [][]string
	row := regexp.MustCompile("^\\| ((?:`[a-z ]+`(?:, )?)+) \\|")
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if cells := row.FindStringSubmatch(lines.Text()); cells != nil {
			for phrase := range strings.SplitSeq(cells[1], ", ") {
				phrases = append(phrases, strings.Fields(strings.Trim(phrase, "`")))
			}
		}
	}
	g.Expect(lines.Err()).To(Succeed())
	g.Expect(len(phrases)).To(BeNumerically(">", 30), "the table of the glossary is not read")
	return phrases
}

// words splits an identifier: serveHTTPTwice_late is serve, http, twice, late.
func words(identifier string) []string {
	parts := regexp.MustCompile(`[A-Z]+(?:[a-z]+)?|[a-z]+|[0-9]+`)
	var words []string
	for _, part := range parts.FindAllString(identifier, -1) {
		upper := strings.TrimRightFunc(part, func(r rune) bool { return r >= 'a' && r <= 'z' })
		if len(upper) > 1 && len(upper) < len(part) { // an initialism before a word
			words = append(words, strings.ToLower(upper[:len(upper)-1]), strings.ToLower(part[len(upper)-1:]))
			continue
		}
		words = append(words, strings.ToLower(part))
	}
	return words
}

func contains(identifier, phrase []string) bool {
	for start := 0; start+len(phrase) <= len(identifier); start++ {
		if slices.Equal(identifier[start:start+len(phrase)], phrase) {
			return true
		}
	}
	return false
}

// declared calls do with each identifier that the module's files declare, and with the names of the files.
func declared(t *testing.T, do func(position, identifier string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "bin" || entry.Name() == "vendor" || strings.HasPrefix(entry.Name(), ".") && path != root):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go"):
			return nil
		}
		do(path, strings.TrimSuffix(entry.Name(), ".go"))
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			for _, name := range namesOf(node) {
				do(files.Position(name.Pos()).String(), name.Name)
			}
			return true
		})
		return nil
	})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
}

// namesOf returns the identifiers that a node declares.
func namesOf(node ast.Node) []*ast.Ident {
	var names []*ast.Ident
	switch node := node.(type) {
	case *ast.FuncDecl:
		names = append(names, node.Name)
	case *ast.TypeSpec:
		names = append(names, node.Name)
	case *ast.ValueSpec:
		names = append(names, node.Names...)
	case *ast.Field:
		names = append(names, node.Names...)
	case *ast.AssignStmt:
		for _, left := range node.Lhs {
			if name, ok := left.(*ast.Ident); ok && node.Tok == token.DEFINE {
				names = append(names, name)
			}
		}
	case *ast.RangeStmt:
		for _, each := range []ast.Expr{node.Key, node.Value} {
			if name, ok := each.(*ast.Ident); ok && node.Tok == token.DEFINE {
				names = append(names, name)
			}
		}
	}
	return names
}

// The names of production and test code are the field's terms.
func TestNames(t *testing.T) {
	t.Parallel()
	phrases, count := avoided(t), 0
	declared(t, func(position, identifier string) {
		count++
		for _, phrase := range phrases {
			if contains(words(identifier), phrase) {
				t.Errorf("%s: %s has %q; docs/glossary.md names the term to use", position, identifier, strings.Join(phrase, " "))
			}
		}
	})
	NewWithT(t).Expect(count).To(BeNumerically(">", 3000), "the identifiers are not read")
}

func TestWords(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(words("serveHTTPTwice_late")).To(Equal([]string{"serve", "http", "twice", "late"}))
	g.Expect(words("mintLog2")).To(Equal([]string{"mint", "log", "2"}))
	g.Expect(contains(words("letGoOf"), []string{"let", "go"})).To(BeTrue())
	g.Expect(contains(words("outlet"), []string{"let"})).To(BeFalse())
}
