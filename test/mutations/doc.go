// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package mutations breaks the operator on purpose, one promise at a time, and has the test that is to notice run on it. What
// is broken, and who notices, is one list (list_test.go), which docs/mutations.md shows to readers. The tree is not touched:
// the Go command overlays one file with its broken copy (run_test.go).
package mutations
