#!/usr/bin/env bash
# Runs a command of go that compiles, and reports on standard error how far it is, since a cold build takes minutes:
#   hack/progress.sh NAME COMMAND...
# With -v, which the command has to have, go prints each module that it downloads and each package that it compiles. What else it prints is
# shown if it fails. A script that sources this file has the function with_progress, and calls stop_progress when it ends.
set -euo pipefail

every=10 # seconds between two lines of progress
running= # the command's process group

say() { echo "$name: $*" >&2; }

downloads() { grep -c '^go: downloading ' "$log" || true; }
packages() { grep -vc ' ' "$log" || true; }

# with_progress NAME LOG COMMAND... keeps in the file LOG what go tells of. What it lists on its standard output is of no interest.
with_progress() {
  name=$1 log=$2
  shift 2
  local start=$SECONDS next status=0
  set -m # gives the command a process group, so that stop_progress ends the compilers, too
  "$@" >/dev/null 2>"$log" </dev/null &
  running=$!
  set +m
  next=$((SECONDS + every))
  while kill -0 "$running" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS >= next)); then
      say "$(downloads) modules downloaded, $(packages) packages compiled, $((SECONDS - start)) s"
      next=$((SECONDS + every))
    fi
  done
  wait "$running" || status=$?
  running=
  if ((status == 0)); then
    say "built in $((SECONDS - start)) s, with $(packages) packages compiled"
    return
  fi
  say "the build failed after $((SECONDS - start)) s:"
  grep ' ' "$log" | grep -v '^go: downloading ' >&2 || true
  return 1
}

stop_progress() {
  if [[ -n $running ]]; then
    kill -- "-$running" 2>/dev/null || true
    wait "$running" 2>/dev/null || true
  fi
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  file=$(mktemp)
  trap 'stop_progress; rm -f "$file"' EXIT
  named=$1
  shift
  with_progress "$named" "$file" "$@"
fi
