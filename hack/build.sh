#!/usr/bin/env bash
# Builds a command of a Go module and reports on standard error how far the build is, since a cold one takes minutes:
#   hack/build.sh MODULE-FOLDER PACKAGE OUTPUT [LDFLAGS]
# OUTPUT, an absolute path, appears once it is complete, so that the next run takes no interrupted build for a finished one.
set -euo pipefail

module=$1 package=$2 output=$3 ldflags=${4:-}
name=$(basename "$output")
every=10 # seconds between two lines of progress
work=$(mktemp -d "$output.partial.XXXXXX") # one for each run, since two may build the same command at once
log=$work/log

say() { echo "$name: $*" >&2; }

# With -v, go prints each module that it downloads and each package that it compiles.
downloads() { grep -c '^go: downloading ' "$log" || true; }
packages() { grep -vc ' ' "$log" || true; }

build=
clean_up() {
  if [[ -n $build ]]; then
    kill -- "-$build" 2>/dev/null || true
    wait "$build" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap clean_up EXIT

say "building $package from Go modules"
set -m # gives the build a process group, so that clean_up ends the compilers, too
(cd "$module" && exec env CGO_ENABLED=0 GOTMPDIR="$work" go build -v -ldflags "-s -w $ldflags" -o "$work/$name" "$package") \
  >"$log" 2>&1 </dev/null &
build=$!
set +m
next=$every
while kill -0 "$build" 2>/dev/null; do
  sleep 1
  if ((SECONDS >= next)); then
    say "$(downloads) modules downloaded, $(packages) packages compiled, $SECONDS s"
    next=$((SECONDS + every))
  fi
done
status=0
wait "$build" || status=$?
build=
if ((status != 0)); then
  say "the build failed after $SECONDS s:"
  grep ' ' "$log" | grep -v '^go: downloading ' >&2 || true
  exit 1
fi
mv "$work/$name" "$output"
say "built in $SECONDS s, with $(packages) packages compiled"
