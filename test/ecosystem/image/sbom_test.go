// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package image_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	. "github.com/onsi/gomega"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdxlib"
)

const spdxJSON = "application/spdx+json"

// sbom finds the SBOM as a scanner does: by asking the registry what refers to the image.
func sbom(t *testing.T, image v1.Image) *spdx.Document {
	t.Helper()
	g := NewWithT(t)
	digest, err := image.Digest()
	g.Expect(err).NotTo(HaveOccurred())
	referrers, err := remote.Referrers(pushed.Context().Digest(digest.String()), remote.WithFilter("artifactType", spdxJSON))
	g.Expect(err).NotTo(HaveOccurred())
	manifest, err := referrers.IndexManifest()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(manifest.Manifests).To(HaveLen(1))
	artifact, err := remote.Image(pushed.Context().Digest(manifest.Manifests[0].Digest.String()))
	g.Expect(err).NotTo(HaveOccurred())
	layers, err := artifact.Layers()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(layers).To(HaveLen(1))
	content, err := layers[0].Uncompressed()
	g.Expect(err).NotTo(HaveOccurred())
	defer content.Close() //nolint:errcheck // a read that fails is noticed
	document, err := spdxjson.Read(content)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(spdxlib.ValidateDocument(document)).To(Succeed())
	return document
}

// goVersion returns the modules that `go version -m` finds in a binary: path, version and checksum of each; and the Go release.
func goVersion(t *testing.T, binary string) (modules []string, release string) {
	t.Helper()
	g := NewWithT(t)
	printed, err := exec.CommandContext(t.Context(), "go", "version", "-m", binary).Output()
	g.Expect(err).NotTo(HaveOccurred())
	for line := range bytes.Lines(printed) {
		switch fields := strings.Fields(string(line)); fields[0] {
		case "dep":
			modules = append(modules, strings.Join(fields[1:], " "))
		case "=>":
			modules[len(modules)-1] = strings.Join(fields[1:], " ")
		case binary + ":":
			release = strings.TrimPrefix(fields[1], "go")
		}
	}
	return modules, release
}

func TestSBOM(t *testing.T) {
	for platform, image := range pulled(t) {
		t.Run(platform, func(t *testing.T) {
			g := NewWithT(t)
			document := sbom(t, image)
			packages := map[common.ElementID]*spdx.Package{}
			for _, p := range document.Packages {
				g.Expect(packages).NotTo(HaveKey(p.PackageSPDXIdentifier))
				packages[p.PackageSPDXIdentifier] = p
			}
			var described, modules []string
			for _, r := range document.Relationships {
				p := packages[r.RefB.ElementRefID]
				switch {
				case r.Relationship == common.TypeRelationshipDescribe:
					described = append(described, p.PackageName+" "+p.PackageVersion)
				case p.PackageName == "stdlib":
					modules = append(modules, "stdlib "+p.PackageVersion)
				default:
					modules = append(modules, p.PackageName+" "+p.PackageVersion+strings.TrimPrefix(p.PackageSourceInfo, "go.sum"))
				}
			}
			want, release := goVersion(t, binary(t, image))
			g.Expect(want).NotTo(BeEmpty())
			g.Expect(modules).To(ConsistOf(append(want, "stdlib "+release)))
			g.Expect(described).To(ConsistOf(Equal("github.com/cognigy-operator/cognigy-operator "+version),
				HavePrefix("golang.org/x/crypto/x509roots/fallback v0.0.0-")))
		})
	}
}
