// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package upgrade tests upgrades from an earlier release, and the way back, with the tools that users have. What is live meanwhile, and
// what has to stay as it is, is here for the tests of other packages, too.
package upgrade

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// The release that users upgrade from. A clone need not have its tag, so that its commit is pinned here, once.
const (
	earlierVersion = "v0.1.0"
	earlierCommit  = "f389580b1dfe718244d9c8d0dddb1e4066a8d082"
)

// Release is a version of the operator as users install it.
type Release struct {
	Version   string
	Binary    string // a file
	Manifests string // a file: what `make build-installer` writes
}

// Current returns this tree's version, whose binary it builds into a folder. `make build-installer` wrote its manifests.
func Current(ctx context.Context, folder string) (Release, error) {
	current := Release{Version: "this tree", Binary: filepath.Join(folder, "cognigy-operator"), Manifests: installation.File()}
	return current, testbed.Build(ctx, current.Binary)
}

// Earlier returns the release that users upgrade from. It builds it once, of the source in git's history, and keeps it in bin/upgrade.
func Earlier(ctx context.Context) (Release, error) {
	repository := filepath.Dir(filepath.Dir(installation.File()))
	kept := filepath.Join(repository, "bin", "upgrade")
	folder := filepath.Join(kept, earlierVersion+"-"+earlierCommit[:12])
	release := Release{
		Version: earlierVersion, Binary: filepath.Join(folder, "cognigy-operator"), Manifests: filepath.Join(folder, "install.yaml"),
	}
	if _, err := os.Stat(folder); err == nil {
		return release, nil
	}
	if err := os.MkdirAll(kept, 0o755); err != nil {
		return Release{}, err
	}
	unfinished, err := os.MkdirTemp(kept, "unfinished-")
	if err != nil {
		return Release{}, err
	}
	if err := errors.Join(os.Chmod(unfinished, 0o755), build(ctx, repository, unfinished)); err != nil {
		return Release{}, errors.Join(fmt.Errorf("building %s: %w", earlierVersion, err), os.RemoveAll(unfinished))
	}
	return release, os.Rename(unfinished, folder) // whole or not at all
}

// build writes binary and manifests of the earlier release into a folder. Its source is elsewhere: Go would take it for a part of this
// repository.
func build(ctx context.Context, repository, folder string) (err error) {
	if run(ctx, repository, "git", "cat-file", "-e", earlierCommit+"^{commit}") != nil {
		return fmt.Errorf("git knows no commit %s, as in a shallow clone; run `git fetch --unshallow`, or have CI check out with fetch-depth: 0", earlierCommit)
	}
	source, err := os.MkdirTemp("", "cognigy-operator-earlier-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(source)) }()
	archive, manifests := filepath.Join(source, "source.tar"), filepath.Join(folder, "install.yaml")
	for _, step := range []struct {
		in      string
		command []string
	}{
		{repository, []string{"git", "archive", "--format=tar", "--output=" + archive, earlierCommit}},
		{source, []string{"tar", "-xf", archive}},
		{source, []string{"go", "build", "-ldflags=-X main.version=" + earlierVersion[1:], "-o", filepath.Join(folder, "cognigy-operator"), "./cmd"}},
		{source, []string{"go", "tool", "-modfile=hack/tools/go.mod", "kustomize", "build", "config/default", "--output=" + manifests}},
	} {
		if err := run(ctx, step.in, step.command...); err != nil {
			return err
		}
	}
	return nil
}

// run runs a command in a folder. Its error has what the command printed.
func run(ctx context.Context, folder string, command ...string) error {
	process := exec.CommandContext(ctx, command[0], command[1:]...)
	process.Dir = folder
	if output, err := process.CombinedOutput(); err != nil {
		return fmt.Errorf("%q: %w\n%s", command, err, output)
	}
	return nil
}
