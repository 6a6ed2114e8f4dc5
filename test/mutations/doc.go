// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package mutations breaks the operator on purpose, one promise at a time, and checks that a test notices.
//
// A comment "// mutation: <name>" in the operator's code is an anchor: it marks the statement, condition or argument below it
// as one that a promise rests on. The list (list_test.go) says for each anchor what a mutation makes of that code, and which
// test must fail then. An anchor moves with its code, so that renaming or reformatting the code breaks no mutation. If
// you delete anchored code, replace the mutation by one of the new code that keeps the promise.
//
// The tree is not touched: the Go command overlays one file with its broken copy. docs/mutations.md shows the list to readers.
package mutations
