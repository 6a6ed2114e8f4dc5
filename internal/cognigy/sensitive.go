// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Sensitive holds a credential or the plaintext of a key. Every formatter, encoder and logger prints it as [redacted].
// A closure holds the value, so that formatters that read unexported fields by reflection do not find it either.
type Sensitive struct{ reveal func() string }

// NewSensitive wraps a value.
func NewSensitive(value string) Sensitive {
	return Sensitive{reveal: func() string { return value }}
}

// Reveal returns the value, or "" for the zero Sensitive.
func (s Sensitive) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// Format implements fmt.Formatter for every verb.
func (Sensitive) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// String implements fmt.Stringer.
func (Sensitive) String() string { return redacted }

// MarshalText implements encoding.TextMarshaler, and with it JSON and YAML.
func (Sensitive) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (Sensitive) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalLog implements logr.Marshaler.
func (Sensitive) MarshalLog() any { return redacted }
