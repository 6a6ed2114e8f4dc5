// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package hack_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

var (
	// reference is a link in Markdown to something in this repository.
	reference = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading   = regexp.MustCompile(`(?m)^#+ (.*)$`)
	fenced    = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
)

// A page that moves, or a heading that changes, must not leave readers with a link to nowhere.
func TestReferencesLeadSomewhere(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	checked := 0
	for _, page := range pages(t) {
		for _, found := range reference.FindAllStringSubmatch(fenced.ReplaceAllString(read(t, page), ""), -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(found[1], "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, found[1])
			} else if anchor != "" && !slices.Contains(anchors(t, target), anchor) {
				t.Errorf("%s links to %s, which has no such heading", page, found[1])
			}
			checked++
		}
	}
	g.Expect(checked).To(BeNumerically(">", 100))
}

// Every page can be found from the index.
func TestIndexHasEveryPage(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	docs := filepath.Join("..", "docs")
	for _, page := range pages(t) {
		name, err := filepath.Rel(docs, page)
		g.Expect(err).NotTo(HaveOccurred())
		index := "README.md"
		if folder := filepath.Dir(name); folder != "." {
			index, name = filepath.Join(folder, index), filepath.Base(name)
		}
		if strings.HasPrefix(index, "..") || name == "README.md" {
			continue
		}
		g.Expect(read(t, filepath.Join(docs, index))).To(ContainSubstring("("+name), page)
	}
}

// pages are all pages of the repository that people read.
func pages(t *testing.T) []string {
	t.Helper()
	g := NewWithT(t)
	var found []string
	g.Expect(filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if entry.IsDir() && slices.Contains([]string{"bin", "dist", ".git"}, entry.Name()) {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			found = append(found, path)
		}
		return err
	})).To(Succeed())
	return found
}

// anchors are those that GitHub gives the headings of a page.
func anchors(t *testing.T, page string) []string {
	t.Helper()
	var found []string
	for _, each := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(read(t, page), ""), -1) {
		text := regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(strings.ToLower(each[1]), "")
		found = append(found, strings.ReplaceAll(text, " ", "-"))
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return string(text)
}
