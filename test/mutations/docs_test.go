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

const introduction = "# Mutations\n" + `
A test that cannot fail proves nothing. So we break the operator on purpose, once for each row of the table: the named test must fail, and for the
named reason. The promises are those of [reliability.md](reliability.md#promises).

<!-- not run: project -->
` + "```sh" + `
make mutation-test     # all of them, one after the other: about half an hour on two cores
` + "```" + `

A comment ` + "`// mutation: <name>`" + ` in the operator's code marks the statement, condition or argument below it as one that a promise rests on. The list in
` + "`test/mutations/list_test.go`" + ` says what each mutation makes of that code. The comment moves with its code, so that a rename or a new layout breaks no
mutation. If you delete marked code, replace the mutation by one of the code that keeps the promise now.

` + "`make test`" + ` checks that comments and list name the same mutations, that every mutant compiles, that the named tests exist, and that this page is
current. ` + "`go test ./test/mutations -update`" + ` generates the page from the list.

| promise | what the broken operator does | marked code | what becomes of it | test that notices | what the test says |
| --- | --- | --- | --- | --- | --- |
`

// docs/mutations.md shows the list.
func TestDocs(t *testing.T) {
	g := NewWithT(t)
	anchors := findAnchors(g)
	var page strings.Builder
	page.WriteString(introduction)
	for _, m := range mutations {
		fmt.Fprintf(&page, "| %s | %s | `%s` in `%s` | %s | `%s`, %s | %s |\n",
			m.promise, m.what, m.anchor, m.site(g, anchors).file, m.form.label, m.noticed.in, m.noticed.by, m.noticed.says)
	}
	file := filepath.Join(root, "docs", "mutations.md")
	if *update {
		g.Expect(os.WriteFile(file, []byte(page.String()), 0o600)).To(Succeed())
	}
	written, err := os.ReadFile(file)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(written)).To(Equal(page.String()), "docs/mutations.md is out of date: go test ./test/mutations -update")
}
