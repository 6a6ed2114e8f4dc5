#!/usr/bin/env bash
# Runs golangci-lint with the given arguments. It is built once per version into bin/: with hundreds of dependencies that
# takes minutes, too long to depend on what the build cache still remembers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$(cd hack/lint && go list -m -f '{{.Version}}' github.com/golangci/golangci-lint/v2)
binary=$PWD/bin/golangci-lint-$version

if [[ ! -x $binary ]]; then
  echo "golangci-lint: building $version from Go modules (the first time this takes minutes)" >&2
  # Renamed once it is complete, so that an interrupted build is not taken for a finished one.
  (
    cd hack/lint
    CGO_ENABLED=0 go build -ldflags "-s -w" -o "$binary.partial" github.com/golangci/golangci-lint/v2/cmd/golangci-lint
  )
  mv "$binary.partial" "$binary"
fi
exec "$binary" "$@"
