// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package upgrade

import (
	"testing"

	. "github.com/onsi/gomega"
)

// A clone without the earlier release's commit says what to do.
func TestWithoutHistory(t *testing.T) {
	g := NewWithT(t)
	clone := t.TempDir()
	g.Expect(run(t.Context(), clone, "git", "init", "--quiet")).To(Succeed())
	g.Expect(build(t.Context(), clone, t.TempDir())).To(MatchError(And(
		ContainSubstring(earlierCommit), ContainSubstring("git fetch --unshallow"), ContainSubstring("fetch-depth: 0"),
	)))
}
