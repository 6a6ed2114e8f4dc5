#!/usr/bin/env bash
# Downloads binaries of the control plane: hack/download-control-plane.sh FOLDER VERSION COMMAND... puts those of the commands that
# can be had into the folder, and succeeds also if there are none. Nothing is built.
#
# etcd and kube-apiserver come from setup-envtest, in the newest patch release of the version's minor; kube-controller-manager,
# which setup-envtest lacks, is the official release. Whoever is behind a mirror names it:
#   ENVTEST_INDEX        the index of setup-envtest
#   KUBERNETES_RELEASES  what comes before /<version>/bin/linux/<architecture>/kube-controller-manager and its .sha256
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$1 version=$2
shift 2
index=${ENVTEST_INDEX:-https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml}
releases=${KUBERNETES_RELEASES:-https://dl.k8s.io/release}

say() { echo "control plane: $*" >&2; }

# fetch URL FILE gives up within seconds where nothing answers, and where nothing more arrives.
fetch() {
  if command -v curl >/dev/null; then
    curl --fail --silent --location --connect-timeout 5 --speed-limit 1000 --speed-time 20 --output "$2" "$1"
  elif command -v wget >/dev/null; then
    wget --quiet --tries=1 --connect-timeout=5 --read-timeout=20 --output-document="$2" "$1"
  else
    return 1
  fi
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1
}

download_envtest() {
  local minor found temporary=$folder/index.partial
  minor=$(cut -d. -f1-2 <<<"${version#v}")
  # setup-envtest waits for half a minute where nothing answers.
  if ! fetch "$index" "$temporary"; then
    say "the index of setup-envtest is not within reach"
    return
  fi
  rm -f "$temporary"
  say "downloading etcd and kube-apiserver $minor (setup-envtest)"
  if ! found=$(go tool -modfile=hack/tools/go.mod setup-envtest use "$minor.x!" --index "$index" --bin-dir "$folder/envtest" -p path); then
    say "setup-envtest has no etcd and kube-apiserver $minor for this machine"
    return
  fi
  install_binary "$found/etcd" etcd
  install_binary "$found/kube-apiserver" kube-apiserver
}

download_release() {
  local platform url temporary=$folder/kube-controller-manager.download
  platform=$(go env GOOS)/$(go env GOARCH)
  if [[ $platform != linux/* ]]; then
    say "kube-controller-manager is not released for $platform"
    return
  fi
  url=$releases/$version/bin/$platform/kube-controller-manager
  if ! fetch "$url.sha256" "$temporary.sha256" || ! fetch "$url" "$temporary"; then
    say "the release of kube-controller-manager is not within reach"
  elif [[ $(sha256 "$temporary") != "$(tr -d '[:space:]' <"$temporary.sha256")" ]]; then
    say "ERROR: $url does not have the SHA-256 that is published beside it; it is thrown away"
  else
    chmod +x "$temporary"
    install_binary "$temporary" kube-controller-manager
    say "downloaded kube-controller-manager $version"
  fi
  rm -f "$temporary" "$temporary.sha256"
}

# install_binary puts a file in place at once, so that half a file is never taken for a binary.
install_binary() {
  cp "$1" "$folder/$2.partial"
  mv "$folder/$2.partial" "$folder/$2"
}

mkdir -p "$folder"
case " $* " in *" etcd "* | *" kube-apiserver "*) download_envtest ;; esac
case " $* " in *" kube-controller-manager "*) download_release ;; esac
