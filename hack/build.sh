#!/usr/bin/env bash
# Builds a command of a Go module and reports on standard error how far the build is, since a cold one takes minutes:
#   hack/build.sh MODULE-FOLDER PACKAGE OUTPUT [LDFLAGS]
# OUTPUT, an absolute path, appears once it is complete, so that the next run takes no interrupted build for a finished one.
set -euo pipefail
# shellcheck source=hack/progress.sh
source "$(dirname "${BASH_SOURCE[0]}")/progress.sh"

module=$1 package=$2 output=$3 ldflags=${4:-}
name=$(basename "$output")
work=$(mktemp -d "$output.partial.XXXXXX") # one for each run, since two may build the same command at once

clean_up() {
  stop_progress
  rm -rf "$work"
}
trap clean_up EXIT

say "building $package from Go modules"
with_progress "$name" "$work/log" env CGO_ENABLED=0 GOTMPDIR="$work" \
  go build -C "$module" -v -ldflags "-s -w $ldflags" -o "$work/$name" "$package"
mv "$work/$name" "$output"
