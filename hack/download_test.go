// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package hack_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// failover bounds how long the scripts may take to find out that there is nothing to download, on a busy machine.
const failover = time.Minute

// downloading is the script, about to download the commands from a mirror into a folder.
func downloading(t *testing.T, url string, commands ...string) (script *exec.Cmd, folder string) {
	t.Helper()
	folder = t.TempDir()
	arguments := append([]string{folder, pinned(t)}, commands...)
	script = exec.CommandContext(t.Context(), "./download-control-plane.sh", arguments...)
	script.Env = environment(url)
	return script, folder
}

// download runs the script, and returns the folder that it downloads into and what it says.
func download(t *testing.T, url string, commands ...string) (folder, says string) {
	t.Helper()
	script, folder := downloading(t, url, commands...)
	printed, err := script.CombinedOutput()
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), "%s", printed)
	return folder, string(printed)
}

func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	found := make([]string, len(entries))
	for i, entry := range entries {
		found[i] = entry.Name()
	}
	return found
}

func onlyWhereReleased(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("kube-controller-manager is released for Linux only")
	}
}

func TestDownload(t *testing.T) {
	onlyWhereReleased(t)
	t.Parallel()
	g := NewWithT(t)
	commands := []string{etcd, apiServer, controllerManager}
	folder, says := download(t, mirror(t, checksum()), commands...)
	g.Expect(names(t, folder)).To(ConsistOf(commands), says)
	for _, command := range commands {
		g.Expect(output(t, filepath.Join(folder, command))).To(Equal(command + " from mirror"))
	}
}

// setup-envtest downloads etcd and kube-apiserver together; one that is there already is not replaced.
func TestDownloadOnlyWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	folder, says := download(t, mirror(t, checksum()), apiServer)
	NewWithT(t).Expect(names(t, folder)).To(ConsistOf(apiServer), says)
}

// A binary that is not the published one is thrown away, also where the mirror publishes no checksum that could be compared.
func TestDownloadWithWrongChecksum(t *testing.T) {
	onlyWhereReleased(t)
	t.Parallel()
	for name, published := range map[string]string{
		"of another binary": fmt.Sprintf("%x", sha256.Sum256([]byte("another"))),
		"empty":             "",
		"a page":            "<html>Please log in</html>",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			folder, says := download(t, mirror(t, published), controllerManager)
			g.Expect(says).To(ContainSubstring("does not have the SHA-256 that is published"))
			g.Expect(names(t, folder)).To(BeEmpty())
		})
	}
}

func TestDownloadFromUnreachableMirror(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	began := time.Now()
	folder, says := download(t, unreachable(), etcd, apiServer, controllerManager)
	g.Expect(time.Since(began)).To(BeNumerically("<", failover))
	g.Expect(says).To(ContainSubstring("not within reach"))
	g.Expect(names(t, folder)).To(BeEmpty())
}

// silent accepts requests and answers none, until the test ends. Each request is announced on the channel.
func silent(t *testing.T) (url string, requests <-chan struct{}) {
	t.Helper()
	ended, announced := make(chan struct{}), make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		select {
		case announced <- struct{}{}:
		default:
		}
		<-ended
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(ended) })
	return server.URL, announced
}

// A firewall or a captive portal may accept connections and say nothing.
func TestDownloadFromSilentMirror(t *testing.T) {
	onlyWhereReleased(t)
	t.Parallel()
	g := NewWithT(t)
	url, _ := silent(t)
	began := time.Now()
	folder, says := download(t, url, controllerManager)
	g.Expect(time.Since(began)).To(BeNumerically("<", failover))
	g.Expect(says).To(ContainSubstring("not within reach"))
	g.Expect(names(t, folder)).To(BeEmpty())
}

func TestInterruptedDownloadLeavesNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	url, requests := silent(t)
	script, folder := downloading(t, url, etcd, apiServer)
	var says bytes.Buffer
	script.Stderr = &says
	g.Expect(script.Start()).To(Succeed())
	g.Eventually(requests).WithTimeout(failover).Should(Receive())
	g.Expect(names(t, folder)).NotTo(BeEmpty())
	g.Expect(script.Process.Signal(syscall.SIGTERM)).To(Succeed())
	g.Expect(script.Wait()).NotTo(Succeed(), says.String())
	g.Expect(names(t, folder)).To(BeEmpty())
}
