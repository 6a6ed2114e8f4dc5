// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package hack_test

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

// compiler stands in for go where that would compile the plugin: what is tested is the packing. It leaves all else to go.
const compiler = `#!/usr/bin/env bash
if [[ $1 != build ]]; then exec "$GO" "$@"; fi
while [[ $1 != -o ]]; do shift; done
echo "for $GOOS/$GOARCH" >"$2"
chmod 0755 "$2"
`

// packaged runs hack/package-plugin.sh in a copy of what it reads, and returns the folder with its archives.
func packaged(t *testing.T) (dist string) {
	t.Helper()
	g := NewWithT(t)
	folder, commands := checkout(t), t.TempDir()
	for _, name := range []string{"LICENSE", "cmd", "go.sum", ".krew.yaml"} {
		original, err := filepath.Abs(filepath.Join("..", name))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(os.Symlink(original, filepath.Join(folder, name))).To(Succeed())
	}
	g.Expect(os.Remove(filepath.Join(folder, "hack"))).To(Succeed())
	g.Expect(os.CopyFS(filepath.Join(folder, "hack", "krew"), os.DirFS("krew"))).To(Succeed()) // go follows no link to a package
	script, err := os.ReadFile("package-plugin.sh")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.WriteFile(filepath.Join(folder, "hack", "package-plugin.sh"), script, 0o700)).To(Succeed())
	g.Expect(os.WriteFile(filepath.Join(commands, "go"), []byte(compiler), 0o700)).To(Succeed())
	original, err := exec.LookPath("go")
	g.Expect(err).NotTo(HaveOccurred())
	run := exec.CommandContext(t.Context(), filepath.Join(folder, "hack", "package-plugin.sh"), "1.2.3",
		"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64")
	run.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1790000000", "GO="+original, "PATH="+commands+string(os.PathListSeparator)+os.Getenv("PATH"))
	says, err := run.CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), "%s", says)
	return filepath.Join(folder, "dist")
}

// entries are the files of an archive, with their modes, and what they hold.
func entries(t *testing.T, archive string) (modes map[string]int64, texts map[string]string) {
	t.Helper()
	g := NewWithT(t)
	file, err := os.Open(archive)
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = file.Close() }()
	unpacked, err := gzip.NewReader(file)
	g.Expect(err).NotTo(HaveOccurred())
	modes, texts = map[string]int64{}, map[string]string{}
	for reader := tar.NewReader(unpacked); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return modes, texts
		}
		g.Expect(err).NotTo(HaveOccurred())
		text, err := io.ReadAll(reader)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(header.ModTime.Unix()).To(BeEquivalentTo(1790000000))
		modes[header.Name], texts[header.Name] = header.Mode, string(text)
	}
}

func TestPackagedPlugin(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	dist, again := packaged(t), packaged(t)
	g.Expect(names(t, dist)).To(ConsistOf("krew.yaml", "kubectl-cognigy_linux_amd64.tar.gz", "kubectl-cognigy_linux_arm64.tar.gz",
		"kubectl-cognigy_darwin_amd64.tar.gz", "kubectl-cognigy_darwin_arm64.tar.gz", "kubectl-cognigy_windows_amd64.tar.gz"))
	modes, texts := entries(t, filepath.Join(dist, "kubectl-cognigy_linux_arm64.tar.gz"))
	g.Expect(modes).To(And(HaveLen(3), HaveKeyWithValue("kubectl-cognigy", int64(0o755)), HaveKeyWithValue("kubectl_complete-cognigy", int64(0o755)), HaveKey("LICENSE")))
	g.Expect(texts["kubectl-cognigy"]).To(Equal("for linux/arm64\n"))
	modes, _ = entries(t, filepath.Join(dist, "kubectl-cognigy_windows_amd64.tar.gz"))
	g.Expect(modes).To(HaveKey("kubectl-cognigy.exe"))

	manifest := read(t, filepath.Join(dist, "krew.yaml"))
	g.Expect(manifest).NotTo(ContainSubstring("{{"))
	g.Expect(manifest).To(ContainSubstring("version: v1.2.3"))
	for _, name := range names(t, dist) {
		text := read(t, filepath.Join(dist, name))
		g.Expect(text).To(Equal(read(t, filepath.Join(again, name))), "%s is the same, whoever builds it", name)
		if name != "krew.yaml" {
			sum := sha256.Sum256([]byte(text))
			g.Expect(manifest).To(ContainSubstring("download/v1.2.3/" + name + "\n    sha256: " + hex.EncodeToString(sum[:])))
		}
	}
}
