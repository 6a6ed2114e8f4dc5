// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package image_test builds the operator's image as `make image` does, pushes it to a registry in this process, and looks at what
// a cluster would pull from there.
package image_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
)

const (
	repository = "../../.."
	version    = "1.2.3-test"
	created    = "1790000000" // SOURCE_DATE_EPOCH
	amd64      = "linux/amd64"
)

var (
	builder string // the command of hack/image, a file
	layout  string // folder of the OCI layout of the image under test
	pushed  name.Digest
	index   v1.ImageIndex // what was pulled
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	controlplane.Main(func() (int, error) { return run(m) })
}

func run(m *testing.M) (code int, err error) {
	folder, err := os.MkdirTemp("", "image-test-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	builder, layout = filepath.Join(folder, "image"), filepath.Join(folder, "layout")
	compile := exec.CommandContext(context.Background(), "go", "build", "-C", filepath.Join(repository, "hack", "image"), "-o", builder, ".")
	if output, err := compile.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("building the builder: %w\n%s", err, output)
	}
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	reference := strings.TrimPrefix(server.URL, "http://") + "/cognigy-operator:" + version
	printed, err := build(context.Background(), repository, nil, "--output", layout, "--push", reference)
	if err != nil {
		return 0, err
	}
	if pushed, err = name.NewDigest(printed); err != nil {
		return 0, fmt.Errorf("the builder prints where the image is: %w", err)
	}
	if index, err = remote.Index(pushed); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// build runs the builder on a folder with the operator's module, and returns what it prints.
func build(ctx context.Context, source string, environment []string, flags ...string) (string, error) {
	command := exec.CommandContext(ctx, builder, append([]string{"--source", source, "--version", version}, flags...)...)
	command.Env = append(append(os.Environ(), "SOURCE_DATE_EPOCH="+created), environment...)
	var stderr strings.Builder
	command.Stderr = &stderr
	printed, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("building the image: %w\n%s", err, &stderr)
	}
	return strings.TrimSpace(string(printed)), nil
}
