// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/fips140"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// A binary that does not use the FIPS 140-3 module does not name it.
func TestBuild(t *testing.T) {
	g := NewWithT(t)
	g.Expect(build()).To(MatchRegexp(`^cognigy-operator dev \(go\S+, \w+/\w+(, FIPS 140-3 module \S+)?\)$`))
	g.Expect(strings.Contains(build(), "FIPS")).To(Equal(fips140.Enabled()))
}
