// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package mutations_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// root is the repository.
const root = "../.."

// production are the folders that anchors may stand in.
var production = []string{"api", "cmd", "internal"}

const anchorPrefix = "// mutation: "

// anchor is a comment in the operator's code that names a mutation.
type anchor struct {
	name string
	file string // below the root of the repository
	source
}

// source is a file's text and the node that follows an anchor in it. The node is nil if none does.
type source struct {
	text   string
	tokens *token.File
	next   ast.Node
}

// findAnchors returns all anchors of the operator's code.
func findAnchors(g Gomega) []anchor {
	var found []anchor
	for _, folder := range production {
		g.Expect(filepath.WalkDir(filepath.Join(root, folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(text), anchorPrefix) {
				return err
			}
			anchors, err := anchorsOf(path, string(text))
			found = append(found, anchors...)
			return err
		})).To(Succeed())
	}
	return found
}

// anchorsOf returns the anchors of one file.
func anchorsOf(path, text string) ([]anchor, error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	file, err := filepath.Rel(root, path)
	if err != nil {
		return nil, err
	}
	var found []anchor
	for _, group := range parsed.Comments {
		for _, comment := range group.List {
			if name, ok := strings.CutPrefix(comment.Text, anchorPrefix); ok {
				found = append(found, anchor{name, file, source{text, files.File(comment.Pos()), follower(parsed, comment)}})
			}
		}
	}
	return found, nil
}

// follower returns the node that begins first after a comment; of several that begin there, the outermost.
func follower(file *ast.File, comment *ast.Comment) ast.Node {
	var first ast.Node
	ast.Inspect(file, func(node ast.Node) bool {
		if node != nil && node.Pos() > comment.End() && (first == nil || node.Pos() < first.Pos()) {
			first = node
		}
		return true
	})
	return first
}

// Each mutation of the list has one anchor in the operator's code, and each anchor has a mutation.
func TestAnchors(t *testing.T) {
	g := NewWithT(t)
	var found, listed []string
	for _, anchor := range findAnchors(g) {
		found = append(found, anchor.name)
	}
	for _, m := range mutations {
		listed = append(listed, m.anchor)
	}
	g.Expect(found).To(ConsistOf(listed), "anchors in the code, compared with those in the list")
}
