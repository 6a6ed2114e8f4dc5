// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// page is a page of docs/moving.
type page struct {
	files    map[string]string         // of its yaml blocks, by the name in the comment that begins each
	commands map[string][]shownCommand // of its sh and console blocks, by the heading that they are below
}

// shownCommand is a command that a reader is to execute, with the output that the page shows; nil if it shows none.
type shownCommand struct {
	line   string
	output []string
}

// readPage reads a page. A block that a test cannot follow fails it.
func readPage(name string) page {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "moving", name))
	Expect(err).NotTo(HaveOccurred())
	p := page{files: map[string]string{}, commands: map[string][]shownCommand{}}
	var heading, language, indent string
	var block []string
	for line := range strings.SplitSeq(string(text), "\n") {
		fence, found := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case found && language == "":
			language, indent, block = fence, line[:strings.Index(line, "```")], nil
			Expect(language).To(BeElementOf("yaml", "sh", "console"), "%s: a block of another language", name)
		case found:
			p.add(heading, language, block)
			language = ""
		case language != "":
			block = append(block, strings.TrimPrefix(line, indent))
		case strings.HasPrefix(line, "## "):
			heading = strings.TrimPrefix(line, "## ")
		}
	}
	return p
}

func (p *page) add(heading, language string, block []string) {
	GinkgoHelper()
	if language == "yaml" {
		name, commented := strings.CutPrefix(block[0], "# ")
		Expect(commented && strings.HasSuffix(name, ".yaml")).To(BeTrue(), "%q does not name a file", block[0])
		Expect(p.files).NotTo(HaveKey(name))
		p.files[name] = strings.Join(block, "\n")
		return
	}
	for _, line := range block {
		if command, prompted := strings.CutPrefix(line, "$ "); prompted || language == "sh" {
			p.commands[heading] = append(p.commands[heading], shownCommand{line: trailingComment.ReplaceAllString(command, "")})
			continue
		}
		shown := p.commands[heading]
		shown[len(shown)-1].output = append(shown[len(shown)-1].output, line)
	}
}

var trailingComment = regexp.MustCompile(`\s+# .*$`)
