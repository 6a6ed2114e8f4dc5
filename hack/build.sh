#!/usr/bin/env bash
# Builds a command of a Go module and says how far it is: hack/build.sh MODULE-FOLDER PACKAGE OUTPUT [LDFLAGS].
# OUTPUT appears once it is complete, so that an interrupted build is not taken for a finished one.
set -euo pipefail

module=$1 package=$2 output=$3 ldflags=${4:-}
name=$(basename "$output")
log=$output.log
every=10 # seconds between two lines of progress

say() { echo "$name: $*" >&2; }

# With -v, go prints each module that it downloads and each package that it compiles.
downloads() { grep -c '^go: downloading ' "$log" || true; }
packages() { grep -vc ' ' "$log" || true; }

say "building $package from Go modules"
(cd "$module" && exec env CGO_ENABLED=0 go build -v -ldflags "-s -w $ldflags" -o "$output.partial" "$package") >"$log" 2>&1 &
build=$!
trap 'kill "$build" 2>/dev/null || true' EXIT
next=$every
while kill -0 "$build" 2>/dev/null; do
  sleep 1
  if ((SECONDS >= next)); then
    say "$(downloads) modules downloaded, $(packages) packages compiled, $SECONDS s"
    next=$((SECONDS + every))
  fi
done
if ! wait "$build"; then
  say "the build failed:"
  grep ' ' "$log" | grep -v '^go: downloading ' >&2 || true
  exit 1
fi
mv "$output.partial" "$output"
say "built in $SECONDS s, with $(packages) packages compiled"
rm -f "$log"
