// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// plugin is the form of a manifest that krew reads (krew.googlecontainertools.github.com/v1alpha2); it rejects other fields.
type plugin struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version          string `json:"version"`
		ShortDescription string `json:"shortDescription"`
		Description      string `json:"description"`
		Caveats          string `json:"caveats"`
		Homepage         string `json:"homepage"`
		Platforms        []struct {
			URI      string                `json:"uri"`
			Sha256   string                `json:"sha256"`
			Selector *metav1.LabelSelector `json:"selector"`
			Bin      string                `json:"bin"`
			Files    []struct {
				From string `json:"from"`
				To   string `json:"to"`
			} `json:"files"`
		} `json:"platforms"`
	} `json:"spec"`
}

func filled(g Gomega) plugin {
	text, err := os.ReadFile(filepath.Join("..", "..", manifest))
	g.Expect(err).NotTo(HaveOccurred())
	found, err := fill(string(text), "0.1.0", func(archive string) ([]byte, error) { return []byte(archive), nil })
	g.Expect(err).NotTo(HaveOccurred())
	var read plugin
	g.Expect(yaml.UnmarshalStrict(found, &read)).To(Succeed(), "%s", found)
	return read
}

// krew installs by the manifest: it has what krew requires, in the form that krew requires.
func TestManifest(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	read := filled(g)
	g.Expect(read.TypeMeta).To(Equal(metav1.TypeMeta{APIVersion: "krew.googlecontainertools.github.com/v1alpha2", Kind: "Plugin"}))
	g.Expect(read.Metadata.Name).To(Equal("cognigy"))
	g.Expect(read.Spec.Version).To(Equal("v0.1.0"))
	g.Expect(read.Spec.ShortDescription).To(And(Not(BeEmpty()), Not(HaveSuffix("."))))
	g.Expect(len(read.Spec.ShortDescription)).To(BeNumerically("<=", 50), "krew's guide wants a short one")
	g.Expect(read.Spec.Description).NotTo(BeEmpty())
	g.Expect(read.Spec.Homepage).To(HavePrefix("https://"))
	seen := map[string]bool{}
	for _, platform := range read.Spec.Platforms {
		g.Expect(platform.Sha256).To(MatchRegexp("^[0-9a-f]{64}$"))
		g.Expect(seen[platform.Sha256]).To(BeFalse(), "each platform has an archive of its own")
		seen[platform.Sha256] = true
		_, err := metav1.LabelSelectorAsSelector(platform.Selector)
		g.Expect(err).NotTo(HaveOccurred())
		os, arch := platform.Selector.MatchLabels["os"], platform.Selector.MatchLabels["arch"]
		g.Expect(platform.URI).To(HaveSuffix("/releases/download/v0.1.0/kubectl-cognigy_" + os + "_" + arch + ".tar.gz"))
		want := "kubectl-cognigy"
		if os == "windows" {
			want += ".exe"
		}
		g.Expect(platform.Bin).To(Equal(want))
		g.Expect(platform.Files).To(ContainElement(HaveField("From", want)), "the binary is among the files that are installed")
	}
}

// Each archive that a release has is in the manifest, and no other.
func TestPlatforms(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	makefile, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	g.Expect(err).NotTo(HaveOccurred())
	line := regexp.MustCompile(`(?m)^PLUGIN_PLATFORMS *\?= (.*)$`).FindSubmatch(makefile)
	g.Expect(line).NotTo(BeNil())
	var platforms []string
	for _, platform := range filled(g).Spec.Platforms {
		platforms = append(platforms, platform.Selector.MatchLabels["os"]+"/"+platform.Selector.MatchLabels["arch"])
	}
	g.Expect(platforms).To(ConsistOf(strings.Fields(string(line[1]))))
}

func TestFillFails(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, text := range []string{"{{ .Tag }}", "{{ addURIAndSha", "{{ addURIAndSha \"{{ .Tag }}\" .TagName }}"} {
		_, err := fill(text, "0.1.0", os.ReadFile)
		g.Expect(err).To(HaveOccurred(), text)
	}
	_, err := fill("{{ addURIAndSha \"https://example.com/missing.tar.gz\" .TagName }}", "0.1.0", os.ReadFile)
	g.Expect(err).To(MatchError(os.ErrNotExist))
	g.Expect(run(nil)).To(MatchError(ContainSubstring("want a version")))
}
