// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package mutations_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

var update = flag.Bool("update", false, "write docs/mutations.md")

const introduction = `# Mutations

A test that cannot fail proves nothing. So the operator is broken on purpose, once for each row, and the case that is named must notice, and say
why. The promises are those of [reliability.md](reliability.md#what-is-promised).

` + "```sh" + `
make mutation-test     # all of them, one after the other: about 10 minutes on two cores
` + "```" + `

The list is ` + "`test/mutations/list_test.go`" + `; this page is made of it by ` + "`go test ./test/mutations -update`" + `. That what is to be broken is still there, and
this page current, is checked by ` + "`make test`" + `.

| promise | what is broken | where | who notices | what it says |
| --- | --- | --- | --- | --- |
`

// docs/mutations.md shows the list.
func TestDocs(t *testing.T) {
	g := NewWithT(t)
	var page strings.Builder
	page.WriteString(introduction)
	for _, m := range mutations {
		fmt.Fprintf(&page, "| %s | %s | `%s` | `%s`, %s | %s |\n", m.promise, m.what, m.file, m.noticed.in, m.noticed.by, m.noticed.says)
	}
	file := filepath.Join(root, "docs", "mutations.md")
	if *update {
		g.Expect(os.WriteFile(file, []byte(page.String()), 0o600)).To(Succeed())
	}
	written, err := os.ReadFile(file)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(written)).To(Equal(page.String()), "docs/mutations.md is out of date: go test ./test/mutations -update")
}
