#!/usr/bin/env bash
# Runs a command beside four busy loops, as on a machine that others use, and ends both after an hour at the latest:
# hack/busy.sh COMMAND [ARG ...]. The exit status is the command's.
set -euo pipefail

bound=3600 # seconds

set -m # gives the command a process group, so that all that it started ends with it
"$@" </dev/null &
command=$!
set +m
loops=()
for _ in 1 2 3 4; do
  # A loop ends with the command, and by itself at the bound, so that none is left behind however this script ends.
  (while ((SECONDS < bound)) && kill -0 "$command" 2>/dev/null; do :; done) &
  loops+=($!)
done
# This one ends the command at the bound.
(
  while ((SECONDS < bound)) && kill -0 "$command" 2>/dev/null; do sleep 1; done
  if kill -- "-$command" 2>/dev/null; then echo "busy: the command was stopped after $((bound / 60)) minutes" >&2; fi
) &
trap 'kill -- "-$command" "${loops[@]}" 2>/dev/null || true' EXIT
status=0
wait "$command" || status=$?
exit "$status"
