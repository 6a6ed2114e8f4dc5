// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// write writes the OCI layout, and each SBOM beside it.
func (s *settings) write(index v1.ImageIndex, images []built) error {
	folder, err := layout.Write(s.output, empty.Index)
	if err != nil {
		return err
	}
	// Tools that copy from a layout select by this annotation.
	tag := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": s.version})
	if err := folder.AppendIndex(index, tag); err != nil {
		return err
	}
	for _, b := range images {
		if err := folder.AppendImage(b.referrer); err != nil {
			return err
		}
		if err := os.WriteFile(s.output+"-"+b.name()+".spdx.json", b.sbom, 0o644); err != nil { //nolint:gosec // It is public.
			return err
		}
	}
	return nil
}

// publish pushes the image and its SBOMs with the credentials that docker login left, and prints where the image is.
func (s *settings) publish(ctx context.Context, index v1.ImageIndex, images []built, digest v1.Hash) error {
	reference, err := name.ParseReference(s.push)
	if err != nil {
		return fmt.Errorf("--push: %w", err)
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)}
	if err := remote.WriteIndex(reference, index, options...); err != nil {
		return fmt.Errorf("pushing to %s: %w", reference, err)
	}
	for _, b := range images {
		artifact, err := b.referrer.Digest()
		if err != nil {
			return err
		}
		if err := remote.Write(reference.Context().Digest(artifact.String()), b.referrer, options...); err != nil {
			return fmt.Errorf("pushing the SBOM of %s: %w", b.platform, err)
		}
	}
	fmt.Println(reference.Context().Digest(digest.String()))
	return nil
}
