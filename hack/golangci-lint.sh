#!/usr/bin/env bash
# Runs golangci-lint with the given arguments, in the folder of another module if MODULE names one. It is built once per version
# into bin/: with hundreds of dependencies that takes minutes, too long to depend on what the build cache still remembers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

package=github.com/golangci/golangci-lint/v2
version=$(cd hack/lint && go list -m -f '{{.Version}}' "$package")
binary=$PWD/bin/golangci-lint-$version

if [[ ! -x $binary ]]; then
  mkdir -p bin
  hack/build.sh hack/lint "$package/cmd/golangci-lint" "$binary"
fi
cd "${MODULE:-.}"
exec "$binary" "$@"
