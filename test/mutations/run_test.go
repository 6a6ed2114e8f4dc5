// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package mutations_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// allMutations asks for the mutations to be tried. It takes minutes.
const allMutations = "MUTATIONS"

// root is the repository.
const root = "../.."

// What is to be broken stands where the list says, once, and so does the test that is to notice.
func TestMutationsApply(t *testing.T) {
	for _, m := range mutations {
		t.Run(m.what, func(t *testing.T) {
			g := NewWithT(t)
			source, err := os.ReadFile(filepath.Join(root, m.file))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(strings.Count(string(source), m.old)).To(Equal(1), "how often %q stands in %s", m.old, m.file)
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

// Every mutation fails the case that the list names, and for the reason that it names.
func TestMutationsAreNoticed(t *testing.T) {
	if os.Getenv(allMutations) == "" {
		t.Skip("takes minutes: make mutation-test")
	}
	for _, m := range mutations {
		t.Run(m.promise+" "+m.what, func(t *testing.T) {
			g := NewWithT(t)
			output, err := m.try(t)
			g.Expect(err).To(HaveOccurred(), "nobody notices:\n%s", output)
			failed := "--- FAIL: " + strings.ReplaceAll(m.noticed.by, " ", "_") + " ("
			g.Expect(output).To(And(ContainSubstring(failed), ContainSubstring(m.noticed.says)))
		})
	}
}

// try runs the case on the broken operator. Tests that build the operator's binary are not broken themselves: their judges use
// some of its code.
func (m mutation) try(t *testing.T) (output string, err error) {
	t.Helper()
	overlay := "-overlay=" + m.overlay(t)
	if strings.HasPrefix(m.noticed.in, "test/") {
		overlay = "-exec=env GOFLAGS=" + overlay
	}
	command := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-v", "-timeout=5m", overlay, "-run="+pattern(m.noticed.by), "./"+m.noticed.in)
	command.Dir = root
	command.Env = os.Environ()
	if m.noticed.moments {
		command.Env = append(command.Env, "CRASH_ALL_MOMENTS=1")
	}
	printed, err := command.CombinedOutput()
	return string(printed), err
}

// overlay writes what has the Go command take the broken copy for the file.
func (m mutation) overlay(t *testing.T) string {
	t.Helper()
	g := NewWithT(t)
	file, err := filepath.Abs(filepath.Join(root, m.file))
	g.Expect(err).NotTo(HaveOccurred())
	source, err := os.ReadFile(file)
	g.Expect(err).NotTo(HaveOccurred())
	folder := t.TempDir()
	broken := filepath.Join(folder, "broken.go")
	g.Expect(os.WriteFile(broken, []byte(strings.Replace(string(source), m.old, m.broken, 1)), 0o600)).To(Succeed())
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
