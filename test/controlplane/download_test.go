// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

const (
	// version is that of the release that the mirror serves.
	version = "v1.36.3"
	script  = "#!/bin/sh\necho %s\n"
)

// mirror serves the index and an archive of setup-envtest, and a release of kube-controller-manager with a checksum.
func mirror(t *testing.T, checksum string) string {
	t.Helper()
	archive := envtestArchive(t)
	name := fmt.Sprintf("envtest-v1.36.0-%s-%s.tar.gz", runtime.GOOS, runtime.GOARCH)
	release := "/" + version + "/bin/linux/" + runtime.GOARCH + "/kube-controller-manager"
	routes := http.NewServeMux()
	server := httptest.NewServer(routes)
	t.Cleanup(server.Close)
	serve := func(path, body string) {
		routes.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
	}
	serve("/index.yaml", fmt.Sprintf("releases:\n  v1.36.0:\n    %s:\n      hash: %x\n      selfLink: %s/%s\n",
		name, sha512.Sum512(archive), server.URL, name))
	serve("/"+name, string(archive))
	serve(release, fmt.Sprintf(script, "kube-controller-manager"))
	serve(release+".sha256", checksum+"\n")
	return server.URL
}

func envtestArchive(t *testing.T) []byte {
	t.Helper()
	g := NewWithT(t)
	var archive bytes.Buffer
	compressed := gzip.NewWriter(&archive)
	files := tar.NewWriter(compressed)
	for _, command := range []string{"etcd", "kube-apiserver", "kubectl"} {
		content := fmt.Sprintf(script, command)
		g.Expect(files.WriteHeader(&tar.Header{
			Name: "controller-tools/envtest/" + command, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(content)),
		})).To(Succeed())
		_, err := files.Write([]byte(content))
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(files.Close()).To(Succeed())
	g.Expect(compressed.Close()).To(Succeed())
	return archive.Bytes()
}

// download runs the script on a mirror, and returns the folder that it downloads into and what it says.
func download(t *testing.T, url string) (folder, says string) {
	t.Helper()
	folder = t.TempDir()
	command := exec.CommandContext(t.Context(), "../../hack/download-control-plane.sh", folder, version,
		"etcd", "kube-apiserver", "kube-controller-manager")
	command.Env = append(os.Environ(), "ENVTEST_INDEX="+url+"/index.yaml", "KUBERNETES_RELEASES="+url)
	printed, err := command.CombinedOutput()
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), "%s", printed)
	return folder, string(printed)
}

// Where binaries can be downloaded, nothing is left to build.
func TestDownload(t *testing.T) {
	g := NewWithT(t)
	url := mirror(t, fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, script, "kube-controller-manager"))))
	folder, says := download(t, url)
	commands := []string{"etcd", "kube-apiserver"}
	if runtime.GOOS == "linux" { // the only platform that it is released for
		commands = append(commands, "kube-controller-manager")
	}
	for _, command := range commands {
		printed, err := exec.CommandContext(t.Context(), filepath.Join(folder, command)).Output()
		g.Expect(err).NotTo(HaveOccurred(), says)
		g.Expect(string(printed)).To(Equal(command + "\n"))
	}
}

// A binary that is not the one that was released is not used.
func TestDownloadOfAnotherBinary(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("kube-controller-manager is released for Linux only")
	}
	g := NewWithT(t)
	folder, says := download(t, mirror(t, fmt.Sprintf("%x", sha256.Sum256([]byte("another")))))
	g.Expect(says).To(ContainSubstring("does not have the SHA-256 that is published"))
	g.Expect(filepath.Join(folder, "etcd")).To(BeAnExistingFile())
	left, err := filepath.Glob(filepath.Join(folder, "kube-controller-manager*"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(left).To(BeEmpty())
}

// Where nothing answers, that is found out at once.
func TestDownloadWithoutNetwork(t *testing.T) {
	g := NewWithT(t)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	began := time.Now()
	folder, says := download(t, closed.URL)
	g.Expect(time.Since(began)).To(BeNumerically("<", time.Minute))
	g.Expect(says).To(ContainSubstring("not within reach"))
	g.Expect(os.ReadDir(folder)).To(BeEmpty())
}
