// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// operator is the binary's name, in the image and in its SBOM: client-go makes the field manager of the Lease from it.
const operator = "cognigy-operator"

const spdxJSON = types.MediaType("application/spdx+json")

// built is the image of one platform.
type built struct {
	platform *v1.Platform
	image    v1.Image
	sbom     []byte   // SPDX, in JSON
	referrer v1.Image // the SBOM, as an artifact whose subject is the image
}

// name is the platform's, as in "linux-amd64".
func (b built) name() string { return strings.ReplaceAll(b.platform.String(), "/", "-") }

func (s *settings) build(ctx context.Context, name string) (built, error) {
	platform, err := v1.ParsePlatform(name)
	if err != nil {
		return built{}, err
	}
	binary, err := s.compile(ctx, platform)
	if err != nil {
		return built{}, err
	}
	image, err := s.image(platform, binary)
	if err != nil {
		return built{}, err
	}
	info, err := buildinfo.Read(bytes.NewReader(binary))
	if err != nil {
		return built{}, err
	}
	sbom, err := s.sbom(info, image)
	if err != nil {
		return built{}, err
	}
	referrer, err := s.referrer(image, sbom)
	return built{platform: platform, image: image, sbom: sbom, referrer: referrer}, err
}

// labels are those of the OCI image specification. The manifests have them as annotations, too.
func (s *settings) labels() map[string]string {
	labels := map[string]string{
		"org.opencontainers.image.title":         operator,
		"org.opencontainers.image.description":   "API keys of Cognigy.AI Endpoints as Kubernetes Secrets",
		"org.opencontainers.image.source":        "https://github.com/cognigy-operator/cognigy-operator",
		"org.opencontainers.image.documentation": "https://github.com/cognigy-operator/cognigy-operator/blob/main/README.md",
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.version":       s.version,
		"org.opencontainers.image.created":       s.created.Format(time.RFC3339),
	}
	if s.revision != "" {
		labels["org.opencontainers.image.revision"] = s.revision
	}
	return labels
}

// image holds the binary and what it needs, and nothing else: no shell, no package manager.
func (s *settings) image(platform *v1.Platform, binary []byte) (v1.Image, error) {
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.ConfigFile(image, &v1.ConfigFile{
		OS: platform.OS, Architecture: platform.Architecture, Created: v1.Time{Time: s.created}, RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{Entrypoint: []string{"/" + operator}, User: user, WorkingDir: "/", Labels: s.labels()},
	})
	if err != nil {
		return nil, err
	}
	for _, files := range [][]file{base(), {{path: operator, mode: 0o755, content: binary}}} {
		layer, err := layer(files, s.created)
		if err != nil {
			return nil, err
		}
		history := v1.History{Created: v1.Time{Time: s.created}, CreatedBy: "hack/image"}
		if image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: history}); err != nil {
			return nil, err
		}
	}
	return mutate.Annotations(image, s.labels()).(v1.Image), nil
}

func (s *settings) index(images []built) v1.ImageIndex {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, b := range images {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: b.image, Descriptor: v1.Descriptor{Platform: b.platform}})
	}
	return mutate.Annotations(index, s.labels()).(v1.ImageIndex)
}

// referrer is the SBOM as an OCI artifact that refers to the image. Its type is that of its config, as the specification of image
// manifests says of artifacts without an artifactType.
func (s *settings) referrer(image v1.Image, sbom []byte) (v1.Image, error) {
	subject, err := partial.Descriptor(image)
	if err != nil {
		return nil, err
	}
	artifact := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), spdxJSON)
	if artifact, err = mutate.AppendLayers(artifact, static.NewLayer(sbom, spdxJSON)); err != nil {
		return nil, err
	}
	created := map[string]string{"org.opencontainers.image.created": s.created.Format(time.RFC3339)}
	subject = &v1.Descriptor{MediaType: subject.MediaType, Size: subject.Size, Digest: subject.Digest}
	return mutate.Subject(mutate.Annotations(artifact, created).(v1.Image), *subject).(v1.Image), nil
}
