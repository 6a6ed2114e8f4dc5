// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package hack_test

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// The page that answers "and who checks that?" names no test that was renamed or removed.
func TestThreatsNameTheirTests(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	tests := strings.Builder{}
	for _, folder := range []string{"test", "internal", "api"} {
		g.Expect(filepath.WalkDir(filepath.Join("..", folder), func(path string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(path, "_test.go") {
				tests.WriteString(read(t, path))
			}
			return err
		})).To(Succeed())
	}
	rows := regexp.MustCompile(`(?m)^\| [^|]* \| [^|]* \| ([^|]*) \|$`)
	_, table, found := strings.Cut(read(t, filepath.Join("..", "docs", "security.md")), "| threat | what stops it | tests |\n| --- | --- | --- |\n")
	g.Expect(found).To(BeTrue())
	table, _, _ = strings.Cut(table, "\n\n")
	threats := rows.FindAllStringSubmatch(table, -1)
	g.Expect(threats).To(HaveLen(strings.Count(table, "\n")+1), "each row is a threat")
	for _, threat := range threats {
		for name := range strings.SplitSeq(threat[1], "; ") {
			declaration := name // of a spec: a string
			if strings.HasPrefix(name, "`") {
				declaration = "func " + strings.Trim(name, "`") + "("
			}
			g.Expect(tests.String()).To(ContainSubstring(declaration), name)
		}
	}
}
