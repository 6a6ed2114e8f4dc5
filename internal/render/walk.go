// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"text/template/parse"
)

// walk walks a parse tree, and notes which fields it uses. A loop could run for ever, and what leads to fields in another way would hide
// which ones are used.
func (t *Templates) walk(tree *parse.Tree, node parse.Node) error {
	// mutation: allow-every-action
	if !t.allows(node) {
		location, context := tree.ErrorContext(node)
		return fmt.Errorf("%s: %s is not available; %s", location, context, available)
	}
	for _, child := range children(node) {
		if err := t.walk(tree, child); err != nil {
			return err
		}
	}
	return nil
}

// allows reports whether a node may be in a template, whatever is below it. It notes the field that a node uses.
func (t *Templates) allows(node parse.Node) bool {
	switch node := node.(type) {
	case *parse.TextNode, *parse.StringNode, *parse.NumberNode, *parse.BoolNode,
		*parse.ListNode, *parse.ActionNode, *parse.IfNode, *parse.PipeNode, *parse.CommandNode:
		return true
	case *parse.VariableNode:
		return len(node.Ident) == 1 && node.Ident[0] != "$" // which stands for all fields
	case *parse.IdentifierNode:
		return isAllowed(node.Ident)
	case *parse.FieldNode:
		_, known := Fields{}.values()[node.Ident[0]]
		t.used[node.Ident[0]] = true
		return known && len(node.Ident) == 1
	default:
		return false
	}
}

// children are the nodes below a node that a template may have.
func children(node parse.Node) []parse.Node {
	var below []parse.Node
	switch node := node.(type) {
	case *parse.ListNode:
		return node.Nodes
	case *parse.ActionNode:
		return []parse.Node{node.Pipe}
	case *parse.IfNode:
		if below = []parse.Node{node.Pipe, node.List}; node.ElseList != nil {
			below = append(below, node.ElseList)
		}
	case *parse.PipeNode:
		for _, command := range node.Cmds {
			below = append(below, command)
		}
	case *parse.CommandNode:
		return node.Args
	}
	return below
}
