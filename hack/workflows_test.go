// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package hack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	. "github.com/onsi/gomega"
)

func workflows(t *testing.T) []string {
	t.Helper()
	g := NewWithT(t)
	files, err := filepath.Glob(filepath.Join("..", ".github", "workflows", "*.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(files).NotTo(BeEmpty())
	return files
}

// Shell scripts in workflows are also checked where there is a shellcheck, which is no Go module.
func TestWorkflowsAreValid(t *testing.T) {
	t.Parallel()
	arguments := append([]string{"tool", "-modfile=actionlint/go.mod", "actionlint", "-no-color"}, workflows(t)...)
	output, err := exec.CommandContext(t.Context(), "go", arguments...).CombinedOutput()
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), "%s", output)
}

// A tag can be moved to other code, a commit cannot.
func TestActionsArePinned(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	uses := regexp.MustCompile(`(?m)^.*\buses:.*$`)
	for _, file := range workflows(t) {
		text, err := os.ReadFile(file)
		g.Expect(err).NotTo(HaveOccurred())
		for _, line := range uses.FindAllString(string(text), -1) {
			g.Expect(line).To(MatchRegexp(`uses: \S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`), file)
		}
	}
}

// The targets that workflows make exist.
func TestWorkflowsMakeTargetsThatExist(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	makefile, err := os.ReadFile(filepath.Join("..", "Makefile"))
	g.Expect(err).NotTo(HaveOccurred())
	named := regexp.MustCompile(`make (?:--no-print-directory )?([a-z][a-z-]*)|target: \[(.*)\]`)
	for _, file := range workflows(t) {
		text, err := os.ReadFile(file)
		g.Expect(err).NotTo(HaveOccurred())
		for _, found := range named.FindAllStringSubmatch(string(text), -1) {
			for _, target := range regexp.MustCompile(`\b[a-z][a-z-]+\b`).FindAllString(found[1]+found[2], -1) {
				g.Expect(string(makefile)).To(MatchRegexp(`(?m)^`+target+`:`), "%s: make %s", file, target)
			}
		}
	}
}
