// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// block is a fenced block of a page.
type block struct {
	line      int // of its first fence
	heading   string
	language  string
	directive string // what the comment before it says
	lines     []string
}

func (b block) text() string { return strings.Join(b.lines, "\n") + "\n" }

var (
	directive = regexp.MustCompile(`^\s*<!-- ((?:as|raises|not run:) .*) -->$`)
	fence     = regexp.MustCompile("^(\\s*)```(\\w*)$")
	fileName  = regexp.MustCompile(`^# (\S+\.yaml)$`)
)

// file returns the name of the file that a block of YAML is.
func (b block) file() string {
	if found := fileName.FindStringSubmatch(b.lines[0]); b.language == "yaml" && found != nil {
		return found[1]
	}
	return ""
}

// commands returns what a block has a reader execute.
func (b block) commands() string {
	if b.language == "console" || b.language == "sh" {
		return b.text()
	}
	return ""
}

// read returns the blocks of a page in the repository.
func read(t *testing.T, page string) (blocks []block) {
	t.Helper()
	g := NewWithT(t)
	text, err := os.ReadFile(filepath.Join(repository, page))
	g.Expect(err).NotTo(HaveOccurred())
	var heading, before, indent string
	var open *block
	for number, line := range strings.Split(string(text), "\n") {
		found := fence.FindStringSubmatch(line)
		switch {
		case found != nil && open == nil:
			indent = found[1]
			open = &block{line: number + 1, heading: heading, language: found[2]}
			if said := directive.FindStringSubmatch(before); said != nil {
				open.directive = said[1]
			}
		case found != nil:
			g.Expect(open.lines).NotTo(BeEmpty(), "%s:%d: an empty block", page, open.line)
			blocks = append(blocks, *open)
			open = nil
		case open != nil:
			open.lines = append(open.lines, strings.TrimPrefix(line, indent))
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimLeft(line, "# ")
		}
		before = line
	}
	g.Expect(open).To(BeNil(), "%s: the last block has no end", page)
	return blocks
}

// pages returns the README and all pages of docs, by their paths in the repository.
func pages(t *testing.T) []string {
	t.Helper()
	g := NewWithT(t)
	found := []string{"README.md"}
	g.Expect(filepath.WalkDir(filepath.Join(repository, "docs"), func(path string, _ os.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			name, _ := filepath.Rel(repository, path)
			found = append(found, filepath.ToSlash(name))
		}
		return err
	})).To(Succeed())
	return found
}
