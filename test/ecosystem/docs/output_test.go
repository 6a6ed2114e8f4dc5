// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// masks have what is another one each time, and what stands for it.
var masks = []struct {
	form *regexp.Regexp
	mask string
}{
	{regexp.MustCompile(`[0-9a-f]{4}•+[0-9a-f]{4}`), "<preview>"},
	{regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`), "<uid>"},
	{regexp.MustCompile(`\b[0-9a-f]{24}\b`), "<id>"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "<time>"},
	{regexp.MustCompile(`\b(\d+(\.\d+)?(d|h|m|s|ms))+\b`), "<duration>"},
	{regexp.MustCompile(` {2,}`), "  "},
}

func masked(line string) string {
	for _, each := range masks {
		line = each.form.ReplaceAllString(line, each.mask)
	}
	return strings.TrimRight(line, " ")
}

// pattern returns what printed lines have to match to be those that a page shows.
func pattern(shown []string) string {
	var lines []string
	for _, line := range shown {
		if line == "..." {
			lines = append(lines, `(.*\n)*?`)
			continue
		}
		start, open := strings.CutSuffix(masked(line), "...")
		line = regexp.QuoteMeta(start)
		if open {
			line += ".*"
		}
		lines = append(lines, line+`\n`)
	}
	return "^" + strings.Join(lines, "") + "$"
}

// printed returns what a command printed in the form that pattern matches.
func printed(output string) string {
	var lines strings.Builder
	for line := range strings.Lines(output) {
		lines.WriteString(masked(strings.TrimSuffix(line, "\n")) + "\n")
	}
	return lines.String()
}

func TestPattern(t *testing.T) {
	g := NewWithT(t)
	shown := []string{"NAME   READY   PREVIEW            AGE", "crm    True    8a4f••••••••7c2e   12s", "...", "took over 65a1b2c3d4e5f60718293a4b with ..."}
	output := "NAME     READY   PREVIEW            AGE\ncrm      True    1111••••••••2222   3m4s\nmore\ntook over 65a1b2c3d4e5f60718293a4c with it\n"
	g.Expect(printed(output)).To(MatchRegexp(pattern(shown)))
	g.Expect(printed(strings.Replace(output, "True", "False", 1))).NotTo(MatchRegexp(pattern(shown)))
	g.Expect(printed(strings.Replace(output, "1111", "", 1))).NotTo(MatchRegexp(pattern(shown)))
}
