// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package hack_test tests the scripts that provide the control plane, against a mirror on loopback. It needs no network and no
// control plane.
package hack_test

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
	"regexp"
	"runtime"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

const (
	etcd              = "etcd"
	apiServer         = "kube-apiserver"
	controllerManager = "kube-controller-manager"
	kubectl           = "kubectl"
)

// binary is a command that prints its name and its origin.
func binary(command, origin string) string {
	return fmt.Sprintf("#!/bin/sh\necho %s from %s\n", command, origin)
}

// checksum is the SHA-256 that is published for the mirror's kube-controller-manager.
func checksum() string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(binary(controllerManager, "mirror"))))
}

// pinned is the version of Kubernetes that hack/controlplane/go.mod requires, such as v1.36.3.
func pinned(t *testing.T) string {
	t.Helper()
	return pinnedBy(t, "controlplane")
}

// pinnedBy is the version that the go.mod in a folder requires.
func pinnedBy(t *testing.T, folder string) string {
	t.Helper()
	g := NewWithT(t)
	module, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	g.Expect(err).NotTo(HaveOccurred())
	found := regexp.MustCompile(`k8s\.io/kubernetes (v\S+)`).FindSubmatch(module)
	g.Expect(found).To(HaveLen(2))
	return string(found[1])
}

// mirror serves an index and an archive of setup-envtest, and a release of kube-controller-manager with the given checksum. It
// returns its URL.
func mirror(t *testing.T, published string) string {
	t.Helper()
	archive := envtestArchive(t)
	version := pinned(t)
	envtest := version[:strings.LastIndex(version, ".")] + ".0"
	name := fmt.Sprintf("envtest-%s-%s-%s.tar.gz", envtest, runtime.GOOS, runtime.GOARCH)
	release := "/" + version + "/bin/linux/" + runtime.GOARCH + "/" + controllerManager

	routes := http.NewServeMux()
	server := httptest.NewServer(routes)
	t.Cleanup(server.Close)
	serve := func(path, body string) {
		routes.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
	}
	serve("/index.yaml", fmt.Sprintf("releases:\n  %s:\n    %s:\n      hash: %x\n      selfLink: %s/%s\n",
		envtest, name, sha512.Sum512(archive), server.URL, name))
	serve("/"+name, string(archive))
	serve(release, binary(controllerManager, "mirror"))
	serve(release+".sha256", published) // no newline at its end, as with the real ones
	release = strings.TrimSuffix(release, controllerManager) + kubectl
	serve(release, binary(kubectl, "mirror"))
	serve(release+".sha256", fmt.Sprintf("%x", sha256.Sum256([]byte(binary(kubectl, "mirror")))))
	return server.URL
}

// envtestArchive has the layout of those that setup-envtest downloads.
func envtestArchive(t *testing.T) []byte {
	t.Helper()
	g := NewWithT(t)
	var archive bytes.Buffer
	compressed := gzip.NewWriter(&archive)
	files := tar.NewWriter(compressed)
	for _, command := range []string{etcd, apiServer, kubectl} {
		content := binary(command, "mirror")
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

// unreachable is the URL of a mirror that refuses connections.
func unreachable() string {
	closed := httptest.NewServer(http.NotFoundHandler())
	defer closed.Close()
	return closed.URL
}

// environment makes a script download from the mirror, and ignore the control plane that the tests themselves were given.
func environment(url string) []string {
	return append(os.Environ(), "ENVTEST_INDEX="+url+"/index.yaml", "KUBERNETES_RELEASES="+url, "KUBEBUILDER_ASSETS=", "KUBERNETES=")
}

// output is what a downloaded command prints.
func output(t *testing.T, command string) string {
	t.Helper()
	printed, err := exec.CommandContext(t.Context(), command).CombinedOutput()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return strings.TrimSpace(string(printed))
}
