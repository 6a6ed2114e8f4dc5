// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import "strings"

// plaintext is a key's value. It always prints as a preview.
type plaintext string

// String masks the value.
func (p plaintext) String() string { return mask(string(p)) }

// GoString masks it for %#v as well.
func (p plaintext) GoString() string { return mask(string(p)) }

// mask shows the first and the last characters, as Cognigy's previews do, and nothing of a value that is too short for that.
func mask(value string) string {
	const shown = 4
	hidden := strings.Repeat("•", 2*shown)
	runes := []rune(value)
	if len(runes) < 4*shown {
		return hidden
	}
	return string(runes[:shown]) + hidden + string(runes[len(runes)-shown:])
}
