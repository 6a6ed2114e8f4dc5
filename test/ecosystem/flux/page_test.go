// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package flux

import (
	"os"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

const page = "../../../docs/flux.md"

// shown is what docs/flux.md shows.
type shown struct {
	files    map[string]string   // its yaml blocks, by the path in the comment that begins each
	commands map[string][]string // its sh blocks, by the heading that they are below
}

// readPage reads docs/flux.md. A block that a test cannot follow fails it.
func readPage(t *testing.T) shown {
	t.Helper()
	g := NewWithT(t)
	text, err := os.ReadFile(page)
	g.Expect(err).NotTo(HaveOccurred())
	found := shown{files: map[string]string{}, commands: map[string][]string{}}
	for section := range strings.SplitSeq(string(text), "\n## ") {
		heading, section, _ := strings.Cut(section, "\n")
		for {
			_, rest, more := strings.Cut(section, "\n```")
			if !more {
				break
			}
			language, rest, _ := strings.Cut(rest, "\n")
			block, rest, _ := strings.Cut(rest, "```")
			section = rest
			switch language {
			case "yaml":
				path, _, _ := strings.Cut(strings.TrimPrefix(block, "# "), "\n")
				g.Expect(path).To(HaveSuffix(".yaml"), "a block that does not begin with the path of its file")
				g.Expect(found.files).NotTo(HaveKey(path))
				found.files[path] = block
			case "console": // what a user sees
			case "sh":
				found.commands[heading] = append(found.commands[heading], block)
			default:
				t.Fatalf("%s: a block of the language %q", heading, language)
			}
		}
	}
	return found
}
