#!/usr/bin/env bash
# Downloads commands of the control plane: hack/download-control-plane.sh FOLDER VERSION COMMAND...
# Puts each COMMAND that it can download into FOLDER and builds nothing. Succeeds also where it can download none, since
# hack/control-plane.sh builds what is missing then.
#
# etcd and kube-apiserver come from setup-envtest, in the newest patch release of the version's minor. kube-controller-manager, which
# setup-envtest does not have, and kubectl are the official releases of exactly VERSION. These variables name mirrors:
#   ENVTEST_INDEX        URL of the index that setup-envtest reads (its --index); the index says where the archives are
#   KUBERNETES_RELEASES  URL of the folder that has <version>/bin/linux/<architecture>/<command> and its .sha256
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$1 version=$2
shift 2
commands=" $* "
index=${ENVTEST_INDEX:-https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml}
releases=${KUBERNETES_RELEASES:-https://dl.k8s.io/release}
limit=300 # seconds for one download: a build takes about as long

say() { echo "control plane: $*" >&2; }

wanted() { [[ $commands == *" $1 "* ]]; }

# A binary is moved from here into the folder once it is complete and verified. Half a download never gets there.
mkdir -p "$folder"
work=$(mktemp -d "$folder/download.XXXXXX")
child=
clean_up() {
  if [[ -n $child ]]; then
    kill -- "-$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  fi
  chmod -R u+w "$work" # setup-envtest write-protects what it unpacks
  rm -rf "$work"
}
trap clean_up EXIT

# limited runs a command, and ends it with all that it started when its time is up: setup-envtest has no time limit.
limited() {
  local end=$((SECONDS + limit)) status=0
  set -m # gives the command a process group
  "$@" </dev/null &
  child=$!
  set +m
  while kill -0 "$child" 2>/dev/null; do
    sleep 0.1
    if ((SECONDS >= end)); then
      say "gave up the download after $limit s"
      kill -- "-$child" 2>/dev/null || true
      break
    fi
  done
  wait "$child" 2>/dev/null || status=$?
  child=
  return "$status"
}

# fetch URL FILE gives up within seconds where nothing answers, and where nothing more arrives.
fetch() {
  if command -v curl >/dev/null; then
    limited curl --fail --silent --location --connect-timeout 5 --speed-limit 1000 --speed-time 10 --output "$2" "$1"
  elif command -v wget >/dev/null; then
    limited wget -q -t 1 -T 10 -O "$2" "$1"
  else
    return 1
  fi
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1
}

# verified FILE compares with the checksum in FILE.sha256. Where either is not a SHA-256, the file is not verified.
verified() {
  local published
  published=$(cut -d' ' -f1 <"$1.sha256")
  [[ $published =~ ^[0-9a-f]{64}$ && $(sha256 "$1") == "$published" ]]
}

setup_envtest() { limited go tool -modfile=hack/tools/go.mod setup-envtest "$@" --index "$index" --bin-dir "$work" --use-env=false; }

download_envtest() {
  local minor found command
  minor=$(cut -d. -f1-2 <<<"${version#v}")
  say "downloading etcd and kube-apiserver $minor (setup-envtest)"
  # setup-envtest waits for half a minute where nothing answers.
  if ! fetch "$index" "$work/index"; then
    say "the index of setup-envtest is not within reach"
    return
  fi
  if ! setup_envtest use "$minor.x!" --print path >"$work/path"; then
    say "setup-envtest cannot download etcd and kube-apiserver $minor for this machine"
    return
  fi
  found=$(<"$work/path")
  chmod -R u+w "$work"
  for command in etcd kube-apiserver; do
    if wanted "$command" && [[ -x $found/$command ]]; then
      mv "$found/$command" "$folder/$command"
    fi
  done
}

download_release() {
  local command=$1 platform url
  platform=$(go env GOOS)/$(go env GOARCH)
  url=$releases/$version/bin/$platform/$command
  if [[ $platform != linux/* ]]; then
    say "$command is not released for $platform"
    return
  fi
  say "downloading $command $version"
  if ! fetch "$url.sha256" "$work/$command.sha256" || ! fetch "$url" "$work/$command"; then
    say "the release of $command is not within reach"
  elif ! verified "$work/$command"; then
    say "ERROR: $url does not have the SHA-256 that is published beside it; it is thrown away"
  else
    chmod +x "$work/$command"
    mv "$work/$command" "$folder/$command"
  fi
}

if wanted etcd || wanted kube-apiserver; then download_envtest; fi
for command in kube-controller-manager kubectl; do
  if wanted "$command"; then download_release "$command"; fi
done
