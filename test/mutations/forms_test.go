// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package mutations_test

import (
	"fmt"
	"go/ast"
	"testing"

	. "github.com/onsi/gomega"
)

// form is what a mutation makes of the code below its anchor. It wraps the code, or its condition, and removes nothing: what
// was used stays in use, so that the compiler does not object to a variable or an import.
type form struct {
	label string // for docs/mutations.md
	// wrap returns what is wrapped, and in what; nil if the form does not fit the node.
	wrap func(ast.Node) (wrapped ast.Node, before, after string)
}

var (
	// skip leaves out a statement other than a declaration, or the argument of a call.
	skip = form{"is skipped", func(node ast.Node) (ast.Node, string, string) {
		switch node.(type) {
		case ast.Stmt:
			return node, "if false { ", "\n}"
		case ast.Expr:
			return node, "/* ", " */"
		}
		return nil, "", ""
	}}
	// never and always set the condition of an if statement or a case, a truth value that is assigned, or an operand.
	never = form{"is never true", func(node ast.Node) (ast.Node, string, string) {
		return condition(node), "(false && (", "))"
	}}
	always = form{"is always true", func(node ast.Node) (ast.Node, string, string) {
		return condition(node), "(true || (", "))"
	}}
)

// insert puts code before a statement. Such code quotes names: it is for what no other form can break.
func insert(code string) form {
	return form{fmt.Sprintf("is preceded by `%s`", code), func(node ast.Node) (ast.Node, string, string) {
		if _, ok := node.(ast.Stmt); !ok {
			return nil, "", ""
		}
		return node, code + "\n", ""
	}}
}

// condition returns the expression that says whether something is so.
func condition(node ast.Node) ast.Node {
	switch node := node.(type) {
	case *ast.IfStmt:
		return node.Cond
	case *ast.CaseClause:
		if len(node.List) == 1 {
			return node.List[0]
		}
	case *ast.AssignStmt:
		if len(node.Rhs) == 1 {
			return node.Rhs[0]
		}
	case ast.Expr:
		return node
	}
	return nil
}

// mutate returns the file's text after the change.
func (f form) mutate(s source) (string, error) {
	if s.next == nil {
		return "", fmt.Errorf("no code follows the anchor")
	}
	wrapped, before, after := f.wrap(s.next)
	if wrapped == nil {
		return "", fmt.Errorf("%q does not fit the %T below the anchor", f.label, s.next)
	}
	from, to := s.tokens.Offset(wrapped.Pos()), s.tokens.Offset(wrapped.End())
	return s.text[:from] + before + s.text[from:to] + after + s.text[to:], nil
}

// Each form changes what it says, wherever lines break and whatever comments stand in between.
func TestForms(t *testing.T) {
	const anchored = "// mutation: x\n// A reason.\n"
	for _, c := range []struct {
		form         form
		code, mutant string
	}{
		{skip, anchored + "f()", anchored + "if false { f()\n}"},
		{skip, "f(a,\n" + anchored + "b)", "f(a,\n" + anchored + "/* b */)"},
		{never, anchored + "if a ||\n b { f() }", anchored + "if (false && (a ||\n b)) { f() }"},
		{never, "_ = a ||\n" + anchored + "b()", "_ = a ||\n" + anchored + "(false && (b()))"},
		{always, "switch {\n" + anchored + "case a: f() }", "switch {\n" + anchored + "case (true || (a)): f() }"},
		{always, anchored + "a := b()", anchored + "a := (true || (b()))"},
		{insert("return 1"), anchored + "return 2", anchored + "return 1\nreturn 2"},
		{insert("return 1"), "_ = a ||\n" + anchored + "b", ""},
		{always, anchored + "f()", ""},
		{always, "switch {\n" + anchored + "case a, b: f() }", ""},
		{skip, "f()\n" + anchored, ""},
	} {
		t.Run(c.form.label+" "+c.code, func(t *testing.T) {
			g := NewWithT(t)
			const head, tail = "package p\nfunc g() {\n", "\n}\n"
			anchors, err := anchorsOf(root+"/x.go", head+c.code+tail)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(anchors).To(HaveLen(1))
			mutant, err := c.form.mutate(anchors[0].source)
			if c.mutant == "" {
				g.Expect(err).To(HaveOccurred())
				return
			}
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(mutant).To(Equal(head + c.mutant + tail))
		})
	}
}
