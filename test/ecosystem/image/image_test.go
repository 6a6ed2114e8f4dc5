// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package image_test

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	v1layout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	. "github.com/onsi/gomega"
)

// pulled returns the image of each platform.
func pulled(t *testing.T) map[string]v1.Image {
	t.Helper()
	return imagesOf(t, index)
}

func imagesOf(t *testing.T, index v1.ImageIndex) map[string]v1.Image {
	t.Helper()
	g := NewWithT(t)
	manifest, err := index.IndexManifest()
	g.Expect(err).NotTo(HaveOccurred())
	images := map[string]v1.Image{}
	for _, m := range manifest.Manifests {
		image, err := index.Image(m.Digest)
		g.Expect(err).NotTo(HaveOccurred())
		images[m.Platform.String()] = image
	}
	return images
}

// writtenBy returns the image of each platform that the builder wrote into a layout.
func writtenBy(t *testing.T, layout string) map[string]v1.Image {
	t.Helper()
	g := NewWithT(t)
	stored, err := v1layout.ImageIndexFromPath(layout)
	g.Expect(err).NotTo(HaveOccurred())
	manifest, err := stored.IndexManifest()
	g.Expect(err).NotTo(HaveOccurred())
	written, err := stored.ImageIndex(manifest.Manifests[0].Digest)
	g.Expect(err).NotTo(HaveOccurred())
	return imagesOf(t, written)
}

// files returns the image's entries, whose owners and times it checks.
func files(t *testing.T, image v1.Image) map[string][]byte {
	t.Helper()
	g := NewWithT(t)
	content := mutate.Extract(image)
	defer content.Close() //nolint:errcheck // a read that fails is noticed
	found := map[string][]byte{}
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(header.Uid+header.Gid).To(BeZero(), header.Name)
		g.Expect(header.Mode&0o022).To(BeZero(), "only root may write to %s", header.Name)
		g.Expect(header.Mode&0o004).NotTo(BeZero(), "any user may read %s: OpenShift assigns one", header.Name)
		g.Expect(header.ModTime.Unix()).To(BeEquivalentTo(1790000000), header.Name)
		found[filepath.Clean(header.Name)], err = io.ReadAll(archive)
		g.Expect(err).NotTo(HaveOccurred())
	}
}

// binary writes the operator of the pulled image into a file.
func binary(t *testing.T, image v1.Image) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "cognigy-operator")
	NewWithT(t).Expect(os.WriteFile(file, files(t, image)["cognigy-operator"], 0o700)).To(Succeed())
	return file
}

func TestPlatforms(t *testing.T) {
	g := NewWithT(t)
	g.Expect(pulled(t)).To(And(HaveLen(2), HaveKey(amd64), HaveKey("linux/arm64")))
	for platform, image := range pulled(t) {
		config, err := image.ConfigFile()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(config.OS + "/" + config.Architecture).To(Equal(platform))
	}
}

func TestConfig(t *testing.T) {
	g := NewWithT(t)
	labels := map[string]string{
		"org.opencontainers.image.title":         "cognigy-operator",
		"org.opencontainers.image.description":   "API keys of Cognigy.AI Endpoints as Kubernetes Secrets",
		"org.opencontainers.image.source":        "https://github.com/cognigy-operator/cognigy-operator",
		"org.opencontainers.image.documentation": "https://github.com/cognigy-operator/cognigy-operator/blob/main/README.md",
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.version":       version,
		"org.opencontainers.image.created":       "2026-09-21T14:13:20Z",
	}
	for platform, image := range pulled(t) {
		config, err := image.ConfigFile()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(config.Config).To(Equal(v1.Config{
			User: "65532:65532", Entrypoint: []string{"/cognigy-operator"}, WorkingDir: "/", Labels: labels,
		}), platform)
		manifest, err := image.Manifest()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(manifest.Annotations).To(Equal(labels), platform)
	}
	manifest, err := index.IndexManifest()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(manifest.Annotations).To(Equal(labels))
}

func TestFiles(t *testing.T) {
	g := NewWithT(t)
	for platform, image := range pulled(t) {
		found := files(t, image)
		var paths []string
		for path := range found {
			paths = append(paths, path)
		}
		g.Expect(paths).To(ConsistOf("cognigy-operator", "etc", "etc/passwd", "etc/ssl", "etc/ssl/certs",
			"etc/ssl/certs/ca-certificates.crt"), platform)
		g.Expect(string(found["etc/passwd"])).To(Equal("nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n"))
	}
}

func TestCertificates(t *testing.T) {
	g := NewWithT(t)
	rest, count := files(t, pulled(t)[amd64])["etc/ssl/certs/ca-certificates.crt"], 0
	for ; len(bytes.TrimSpace(rest)) > 0; count++ {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		g.Expect(block).NotTo(BeNil())
		root, err := x509.ParseCertificate(block.Bytes)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(root.IsCA).To(BeTrue(), root.Subject.String())
		g.Expect(root.NotAfter).To(BeTemporally(">", time.Unix(1790000000, 0)), root.Subject.String())
	}
	g.Expect(count).To(BeNumerically(">", 100))
}

// What a tool copies from the layout is what was pushed.
func TestLayoutHoldsTheImage(t *testing.T) {
	g := NewWithT(t)
	stored, err := v1layout.ImageIndexFromPath(layout)
	g.Expect(err).NotTo(HaveOccurred())
	manifest, err := stored.IndexManifest()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(manifest.Manifests).To(HaveLen(3), "the image, and an SBOM for each platform")
	g.Expect(manifest.Manifests[0].Digest.String()).To(Equal(pushed.DigestStr()))
	g.Expect(manifest.Manifests[0].Annotations).To(HaveKeyWithValue("org.opencontainers.image.ref.name", version))
	tagged, err := remote.Get(pushed.Context().Tag(version))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(tagged.Digest.String()).To(Equal(pushed.DigestStr()))
}

// An SBOM or blob of an earlier image must not be taken for one of this image.
func TestOutputIsNotMixedWithAnEarlierImage(t *testing.T) {
	g := NewWithT(t)
	_, err := build(t.Context(), repository, nil, "--output", layout, "--platforms", amd64)
	g.Expect(err).To(MatchError(ContainSubstring("exists already; remove it")))
}

func TestTimeOfTheSourceIsNeeded(t *testing.T) {
	_, err := build(t.Context(), repository, []string{"SOURCE_DATE_EPOCH="}, "--output", filepath.Join(t.TempDir(), "layout"))
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring("set SOURCE_DATE_EPOCH")))
}
