#!/usr/bin/env bash
# Runs promtool with the given arguments. It is built once per version into bin/, without service discovery, which has most of
# Prometheus' dependencies and which tests of rules do not need.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

package=github.com/prometheus/prometheus
version=$(cd hack/promtool && go list -m -f '{{.Version}}' "$package")
binary=$PWD/bin/promtool-$version

if [[ ! -x $binary ]]; then
  mkdir -p bin
  GOFLAGS=-tags=remove_all_sd hack/build.sh hack/promtool "$package/cmd/promtool" "$binary"
fi
exec "$binary" "$@"
