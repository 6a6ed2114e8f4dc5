// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

func assetsIn(t *testing.T, folder string, commands ...string) string {
	t.Helper()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, command := range commands {
		if err := os.WriteFile(filepath.Join(folder, command), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// A missing binary is the first thing that a newcomer meets; the error says what to run.
func TestMissingAssetsSayWhatToRun(t *testing.T) {
	g := NewWithT(t)
	t.Chdir(t.TempDir())
	t.Setenv(assetsVariable, "")
	_, err := findAssets("", true)
	g.Expect(err).To(MatchError(ContainSubstring("run `make control-plane`")))

	// setup-envtest's folder: no kube-controller-manager in it.
	partial := assetsIn(t, t.TempDir(), "etcd", "kube-apiserver")
	t.Setenv(assetsVariable, partial)
	_, err = findAssets("", true)
	g.Expect(err).To(MatchError(And(ContainSubstring("lacks kube-controller-manager"), ContainSubstring("run `make control-plane`"))))
	g.Expect(findAssets("", false)).To(Equal(partial))
}

// 1.9 is older than 1.36, although it sorts behind it; a build that is still going on is no candidate.
func TestNewestCompleteAssetsAreUsed(t *testing.T) {
	g := NewWithT(t)
	repository := t.TempDir()
	folder := filepath.Join(repository, "bin", "control-plane")
	assetsIn(t, filepath.Join(folder, "v1.9.0"), "etcd", "kube-apiserver")
	newest := assetsIn(t, filepath.Join(folder, "v1.36.3"), "etcd", "kube-apiserver")
	assetsIn(t, filepath.Join(folder, "v1.37.0"), "etcd", "kube-apiserver.partial")
	t.Setenv(assetsVariable, "")
	t.Chdir(assetsIn(t, filepath.Join(repository, "test", "deep")))
	found, err := findAssets("", false)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(filepath.EvalSymlinks(found)).To(Equal(newest))
}
