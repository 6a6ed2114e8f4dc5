// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package hack_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// checkout is a folder with the scripts in it, so that what they put into bin/ stays out of the repository.
func checkout(t *testing.T) string {
	t.Helper()
	g := NewWithT(t)
	folder := t.TempDir()
	for _, name := range []string{"hack", "go.mod"} {
		original, err := filepath.Abs(filepath.Join("..", name))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(os.Symlink(original, filepath.Join(folder, name))).To(Succeed())
	}
	return folder
}

// controlPlane runs hack/control-plane.sh in a checkout, and returns the folder that it prints and what it says.
func controlPlane(t *testing.T, checkout string, env []string, commands ...string) (folder, says string) {
	t.Helper()
	script := exec.CommandContext(t.Context(), filepath.Join(checkout, "hack", "control-plane.sh"), commands...)
	script.Dir, script.Env = checkout, env
	var stderr bytes.Buffer
	script.Stderr = &stderr
	printed, err := script.Output()
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), stderr.String())
	return strings.TrimSpace(string(printed)), stderr.String()
}

// put writes commands of the given origin into a folder.
func put(t *testing.T, folder, origin string, commands ...string) {
	t.Helper()
	g := NewWithT(t)
	g.Expect(os.MkdirAll(folder, 0o700)).To(Succeed())
	for _, command := range commands {
		g.Expect(os.WriteFile(filepath.Join(folder, command), []byte(binary(command, origin)), 0o700)).To(Succeed())
	}
}

// Where everything can be downloaded, nothing is built; and the second time, nothing is downloaded either.
func TestControlPlaneIsDownloadedOnce(t *testing.T) {
	onlyWhereReleased(t)
	t.Parallel()
	g := NewWithT(t)
	repository := checkout(t)
	folder, says := controlPlane(t, repository, environment(mirror(t, checksum())))
	g.Expect(folder).To(Equal(filepath.Join(repository, "bin", "control-plane", pinned(t))))
	g.Expect(says).NotTo(ContainSubstring("building"))
	g.Expect(names(t, folder)).To(ConsistOf(etcd, apiServer, controllerManager))

	again, says := controlPlane(t, repository, environment(unreachable()))
	g.Expect(again).To(Equal(folder))
	g.Expect(says).To(BeEmpty())
}

// The demo asks for two commands; the third is not its concern.
func TestControlPlaneOfSomeCommands(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	folder, says := controlPlane(t, checkout(t), environment(mirror(t, checksum())), etcd, apiServer)
	g.Expect(says).NotTo(ContainSubstring(controllerManager))
	g.Expect(names(t, folder)).To(ConsistOf(etcd, apiServer))
}

// Most tests need no kubectl.
func TestKubectlOnDemand(t *testing.T) {
	onlyWhereReleased(t)
	t.Parallel()
	g := NewWithT(t)
	repository := checkout(t)
	put(t, filepath.Join(repository, "bin", "control-plane", pinned(t)), "bin", etcd, apiServer, controllerManager)
	folder, _ := controlPlane(t, repository, environment(mirror(t, checksum())), etcd, apiServer, controllerManager, kubectl)
	g.Expect(output(t, filepath.Join(folder, kubectl))).To(Equal("kubectl from mirror"))
	g.Expect(output(t, filepath.Join(folder, etcd))).To(Equal("etcd from bin"))
}

func TestCompleteAssetsAreUsed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	repository := checkout(t)
	put(t, filepath.Join(repository, "assets"), "assets", etcd, apiServer)
	env := append(environment(unreachable()), "KUBEBUILDER_ASSETS=assets") // relative to the working directory
	folder, says := controlPlane(t, repository, env, etcd, apiServer)
	g.Expect(folder).To(Equal(filepath.Join(repository, "assets")))
	g.Expect(says).To(BeEmpty())
}

// What KUBEBUILDER_ASSETS lacks is taken from bin/control-plane, where it is already there.
func TestPartialAssetsAreCompleted(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	repository := checkout(t)
	put(t, filepath.Join(repository, "assets"), "assets", etcd, apiServer)
	put(t, filepath.Join(repository, "bin", "control-plane", pinned(t)), "bin", etcd, apiServer, controllerManager)
	env := append(environment(unreachable()), "KUBEBUILDER_ASSETS=assets")
	folder, says := controlPlane(t, repository, env)
	g.Expect(says).To(BeEmpty())
	g.Expect(names(t, filepath.Join(repository, "assets"))).To(ConsistOf(etcd, apiServer))
	for command, origin := range map[string]string{etcd: "assets", apiServer: "assets", controllerManager: "bin"} {
		g.Expect(output(t, filepath.Join(folder, command))).To(Equal(command + " from " + origin))
	}
}

// build runs hack/build.sh on a module of one file, and returns the binary that it is to build.
func build(t *testing.T, source string) (built, says string, err error) {
	t.Helper()
	g := NewWithT(t)
	module, folder := t.TempDir(), t.TempDir()
	g.Expect(os.WriteFile(filepath.Join(module, "go.mod"), []byte("module example.com/small\n"), 0o600)).To(Succeed())
	g.Expect(os.WriteFile(filepath.Join(module, "main.go"), []byte("package main\n\n"+source+"\n"), 0o600)).To(Succeed())
	built = filepath.Join(folder, "small")
	printed, err := exec.CommandContext(t.Context(), "./build.sh", module, ".", built, "-X main.version=v7").CombinedOutput()
	return built, string(printed), err
}

func TestBuild(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	built, says, err := build(t, `var version string; func main() { println(version) }`)
	g.Expect(err).NotTo(HaveOccurred(), says)
	g.Expect(says).To(ContainSubstring("packages compiled"))
	g.Expect(output(t, built)).To(Equal("v7"))
	g.Expect(names(t, filepath.Dir(built))).To(ConsistOf("small"))
}

func TestFailedBuildShowsWhyAndLeavesNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	built, says, err := build(t, `func main() { unknown() }`)
	g.Expect(err).To(HaveOccurred())
	g.Expect(says).To(ContainSubstring("undefined: unknown"))
	g.Expect(names(t, filepath.Dir(built))).To(BeEmpty())
}
