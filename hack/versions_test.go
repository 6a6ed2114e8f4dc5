// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package hack_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// otherVersions are the values of KUBERNETES: the folders in hack/controlplane that pin another kube-apiserver.
var otherVersions = []string{"oldest", "newest"}

// Only kube-apiserver is of the other version. Each version has a folder of its own, so that none is taken for another.
func TestControlPlaneOfAnotherVersion(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	repository := checkout(t)
	usual := filepath.Join(repository, "bin", "control-plane", pinned(t))
	put(t, usual, "usual", etcd, apiServer, controllerManager)
	for _, which := range otherVersions {
		put(t, filepath.Join(repository, "bin", "control-plane", pinnedBy(t, filepath.Join("controlplane", which))), which, apiServer)
	}
	folders := map[string]string{}
	for _, which := range otherVersions {
		folder, says := controlPlane(t, repository, append(environment(unreachable()), "KUBERNETES="+which, "KUBEBUILDER_ASSETS="+usual))
		g.Expect(says).To(BeEmpty())
		folders[which] = folder
	}
	for which, folder := range folders {
		for command, origin := range map[string]string{etcd: "usual", apiServer: which, controllerManager: "usual"} {
			g.Expect(output(t, filepath.Join(folder, command))).To(Equal(command + " from " + origin))
		}
	}
}

// What users read about supported versions is what is tested.
func TestPagesNameTheVersions(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text := func(page string) string {
		t.Helper()
		read, err := os.ReadFile(filepath.Join("..", page))
		g.Expect(err).NotTo(HaveOccurred())
		return string(read)
	}
	contributing := text("CONTRIBUTING.md")
	var minors []string
	for _, which := range otherVersions {
		version := strings.TrimPrefix(pinnedBy(t, filepath.Join("controlplane", which)), "v")
		g.Expect(contributing).To(ContainSubstring(version))
		minors = append(minors, version[:strings.LastIndex(version, ".")])
	}
	for _, page := range []string{"README.md", "docs/install.md"} {
		g.Expect(text(page)).To(ContainSubstring("Kubernetes "+strings.Join(minors, " to ")), page)
	}
	g.Expect(contributing).To(ContainSubstring("Kubernetes " + strings.TrimPrefix(pinned(t), "v")))
}
