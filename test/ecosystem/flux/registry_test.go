// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package flux

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"log"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	. "github.com/onsi/gomega"
)

// startRegistry starts an OCI registry on loopback, and returns its host and port.
func startRegistry(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// push pushes an artifact of files, by path, in the form of `flux push artifact`, and returns its digest.
func push(t *testing.T, reference string, files map[string]string) string {
	t.Helper()
	g := NewWithT(t)
	target, err := name.ParseReference(reference, name.Insecure)
	g.Expect(err).NotTo(HaveOccurred())
	artifact := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), "application/vnd.cncf.flux.config.v1+json")
	artifact, err = mutate.AppendLayers(artifact, static.NewLayer(pack(t, files), "application/vnd.cncf.flux.content.v1.tar+gzip"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(remote.Write(target, artifact)).To(Succeed())
	digest, err := artifact.Digest()
	g.Expect(err).NotTo(HaveOccurred())
	return digest.String()
}

func pack(t *testing.T, files map[string]string) []byte {
	t.Helper()
	g := NewWithT(t)
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressed)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		g.Expect(archive.WriteHeader(&tar.Header{Name: path, Mode: 0o644, Size: int64(len(files[path]))})).To(Succeed())
		_, err := archive.Write([]byte(files[path]))
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(archive.Close()).To(Succeed())
	g.Expect(compressed.Close()).To(Succeed())
	return packed.Bytes()
}
