// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// compile returns the operator's binary for a platform. Nothing of the folder, the machine or git enters it: what the environment
// might change is fixed.
func (s *settings) compile(ctx context.Context, platform *v1.Platform) ([]byte, error) {
	folder, err := os.MkdirTemp("", "cognigy-operator-image-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	binary := filepath.Join(folder, operator)
	//nolint:gosec // The arguments are flags of whoever starts the build.
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version="+s.version,
		"-o", binary, "./cmd")
	build.Dir = s.source
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+platform.OS, "GOARCH="+platform.Architecture, "GOAMD64=v1",
		"GOARM64=v8.0", "GOFIPS140="+s.fips, "GOEXPERIMENT=", "GOFLAGS=", "GOWORK=off")
	if output, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, output)
	}
	return os.ReadFile(binary) //nolint:gosec // It is in a folder of this command.
}
