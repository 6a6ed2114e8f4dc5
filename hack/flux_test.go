// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package hack_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// Flux's controllers take minutes to build. Those of the pinned versions are built once, and others are not taken for them.
func TestFluxIsBuiltOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	list := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}}",
		"github.com/fluxcd/source-controller", "github.com/fluxcd/kustomize-controller")
	list.Dir = "flux"
	versions, err := list.Output()
	g.Expect(err).NotTo(HaveOccurred())
	repository := checkout(t)
	folder := filepath.Join(repository, "bin", "flux", strings.Join(strings.Fields(string(versions)), "-"))
	put(t, folder, "bin", "source-controller", "kustomize-controller")
	script := exec.CommandContext(t.Context(), filepath.Join(repository, "hack", "flux.sh"))
	var says bytes.Buffer
	script.Stderr = &says
	printed, err := script.Output()
	g.Expect(err).NotTo(HaveOccurred(), says.String())
	g.Expect(strings.TrimSpace(string(printed))).To(Equal(folder))
	g.Expect(says.String()).To(BeEmpty())
}
