// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package image_test

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

// Another folder, and a build cache that shares nothing with the usual one, make the same image and the same SBOM. Without that cache
// everything is compiled anew, which takes minutes: so it is kept in bin/, and one platform has to do.
func TestImageIsReproducible(t *testing.T) {
	g := NewWithT(t)
	copied := filepath.Join(t.TempDir(), "a", "copy")
	for _, folder := range []string{"api", "cmd", "config", "internal"} {
		g.Expect(os.CopyFS(filepath.Join(copied, folder), os.DirFS(filepath.Join(repository, folder)))).To(Succeed())
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(repository, file))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(os.WriteFile(filepath.Join(copied, file), content, 0o600)).To(Succeed())
	}
	cache, err := filepath.Abs(filepath.Join(repository, "bin", "image-test-cache"))
	g.Expect(err).NotTo(HaveOccurred())
	output := filepath.Join(t.TempDir(), "layout")
	// The flags are ones that some machine may have, and that must not matter.
	environment := []string{"GOCACHE=" + cache, "GOFLAGS=-buildvcs=true", "GOAMD64=v2", "TZ=Asia/Tokyo"}
	_, err = build(t.Context(), copied, environment, "--platforms", amd64, "--output", output)
	g.Expect(err).NotTo(HaveOccurred())

	digest, err := writtenBy(t, output)[amd64].Digest()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(pulled(t)[amd64].Digest()).To(Equal(digest))

	const name = "-linux-amd64.spdx.json"
	sbom, err := os.ReadFile(layout + name)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.ReadFile(output + name)).To(Equal(sbom))
}
