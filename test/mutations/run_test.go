// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package mutations_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// allMutations asks for the mutations to be tried. It takes minutes.
const allMutations = "MUTATIONS"

// The test or spec that is to notice a mutation stands in the package that the list names.
func TestNamedTestsExist(t *testing.T) {
	for _, m := range mutations {
		t.Run(m.anchor, func(t *testing.T) {
			g := NewWithT(t)
			if isSuite(m.noticed.in) {
				g.Expect(specsOf(t, m.noticed.in)).To(ContainElement(m.noticed.by))
				return
			}
			test, _, _ := strings.Cut(m.noticed.by, "/")
			g.Expect(sources(g, m.noticed.in)).To(ContainSubstring("\nfunc " + test + "(t *testing.T) {\n"))
		})
	}
}

// sources are a folder's tests.
func sources(g Gomega, folder string) string {
	files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
	g.Expect(err).NotTo(HaveOccurred())
	var all strings.Builder
	for _, file := range files {
		source, err := os.ReadFile(file)
		g.Expect(err).NotTo(HaveOccurred())
		all.Write(source)
	}
	return all.String()
}

// Every mutation compiles: a test that cannot be built notices nothing.
func TestMutantsCompile(t *testing.T) {
	anchors := findAnchors(NewWithT(t))
	for _, m := range mutations {
		t.Run(m.anchor, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			site := m.site(g, anchors)
			output, err := goCommand(t.Context(), "build", "-o="+os.DevNull, "-overlay="+m.overlay(t, site), "./"+filepath.Dir(site.file)).CombinedOutput()
			g.Expect(err).NotTo(HaveOccurred(), "%s", output)
		})
	}
}

// Every mutation fails the case that the list names, and for the reason that it names.
func TestMutantsAreNoticed(t *testing.T) {
	if os.Getenv(allMutations) == "" {
		t.Skip("takes minutes: make mutation-test")
	}
	anchors := findAnchors(NewWithT(t))
	for _, m := range mutations {
		t.Run(m.anchor, func(t *testing.T) {
			g := NewWithT(t)
			output, err := m.try(t, m.site(g, anchors))
			g.Expect(err).To(HaveOccurred(), "no test notices:\n%s", output)
			g.Expect(output).To(And(ContainSubstring(m.failure()), ContainSubstring(m.noticed.says)))
		})
	}
}

// site returns the mutation's anchor.
func (m mutation) site(g Gomega, anchors []anchor) anchor {
	i := slices.IndexFunc(anchors, func(a anchor) bool { return a.name == m.anchor })
	g.Expect(i).NotTo(Equal(-1), "no comment %q in the operator's code", anchorPrefix+m.anchor)
	return anchors[i]
}

// try runs the case on the broken operator. Tests that build the operator's binary are not broken themselves: their checker uses
// some of its code.
func (m mutation) try(t *testing.T, site anchor) (output string, err error) {
	t.Helper()
	overlay := "-overlay=" + m.overlay(t, site)
	if m.noticed.in == endToEnd || m.noticed.in == reliability {
		overlay = "-exec=env GOFLAGS=" + overlay
	}
	arguments := []string{"test", "-count=1", "-v", "-timeout=10m", overlay, "./" + m.noticed.in}
	command := goCommand(t.Context(), append(arguments, m.selection()...)...)
	command.Env = append(os.Environ(), "TEST_SAMPLE=all") // no sample excludes the case
	printed, err := command.CombinedOutput()
	return withoutLogs(string(printed)), err
}

// selection selects the case, and no other.
func (m mutation) selection() []string {
	if isSuite(m.noticed.in) {
		return []string{"-ginkgo.no-color", "-ginkgo.fail-on-empty", "-ginkgo.focus= " + regexp.QuoteMeta(m.noticed.by) + "$"}
	}
	return []string{"-run=" + pattern(m.noticed.by)}
}

// failure is how the case is named when it fails.
func (m mutation) failure() string {
	if isSuite(m.noticed.in) {
		return "• [FAILED] [" // of the only spec that is selected
	}
	return "--- FAIL: " + strings.ReplaceAll(m.noticed.by, " ", "_") + " ("
}

// withoutLogs drops the lines that an operator logged: the words of a failure may occur there by chance.
func withoutLogs(output string) string {
	logged := func(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), `{"level":`) }
	return strings.Join(slices.DeleteFunc(strings.SplitAfter(output, "\n"), logged), "")
}

func goCommand(ctx context.Context, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir = root
	return command
}

// overlay writes what has the Go command take the broken copy for the file.
func (m mutation) overlay(t *testing.T, site anchor) string {
	t.Helper()
	g := NewWithT(t)
	mutant, err := m.form.mutate(site.source)
	g.Expect(err).NotTo(HaveOccurred())
	file, err := filepath.Abs(filepath.Join(root, site.file))
	g.Expect(err).NotTo(HaveOccurred())
	folder := t.TempDir()
	broken := filepath.Join(folder, "broken.go")
	g.Expect(os.WriteFile(broken, []byte(mutant), 0o600)).To(Succeed())
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {file: broken}})
	g.Expect(err).NotTo(HaveOccurred())
	overlay := filepath.Join(folder, "overlay.json")
	g.Expect(os.WriteFile(overlay, replace, 0o600)).To(Succeed())
	return overlay
}

// pattern selects a test, or a subtest, and no other.
func pattern(name string) string {
	parts := strings.Split(strings.ReplaceAll(name, " ", "_"), "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}
