#!/usr/bin/env bash
# Prints the folder that holds the commands of a control plane, after making sure that it does: hack/control-plane.sh [COMMAND...].
# Without arguments these are etcd, kube-apiserver and kube-controller-manager; kubectl is the other one that there is. Progress goes to
# standard error.
#
# If KUBEBUILDER_ASSETS has all of them, it is that folder. What is missing is kept in bin/control-plane/<version>: downloaded,
# as hack/download-control-plane.sh says (also how to name mirrors), or built from Go modules where no download is possible.
#
# With KUBERNETES=oldest or KUBERNETES=newest, kube-apiserver is that of hack/controlplane/oldest or newest, whatever
# KUBEBUILDER_ASSETS has: what users meet is the API server. The other commands only serve the tests, and stay the same.
set -euo pipefail

assets=${KUBEBUILDER_ASSETS:-}
case $assets in
'' | /*) ;;
*) assets=$PWD/$assets ;; # it is relative to where the caller is
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if (($# == 0)); then set -- etcd kube-apiserver kube-controller-manager; fi

version_of() { (cd "$module" && go list -m -f '{{.Version}}' "$1"); }

# pin MODULE-FOLDER decides which version is obtained from now on.
pin() {
  module=$1
  version=$(version_of k8s.io/kubernetes)
  folder=$PWD/bin/control-plane/$version
}

say() { echo "control plane: $*" >&2; }

# missing FOLDER COMMAND... prints those of the commands that are not in the folder.
missing() {
  local in=$1 command
  shift
  for command in "$@"; do
    [[ -x $in/$command ]] || echo "$command"
  done
}

# obtain COMMAND... puts the commands into bin/control-plane/<version>, unless they are there.
obtain() {
  local command
  # shellcheck disable=SC2046 # commands have no spaces
  set -- $(missing "$folder" "$@")
  if (($# == 0)); then return; fi
  hack/download-control-plane.sh "$folder" "$version" "$@"
  for command in $(missing "$folder" "$@"); do
    build "$command"
  done
}

build() {
  local command=$1
  if [[ $command == etcd ]]; then
    say "etcd $(version_of go.etcd.io/etcd/server/v3) cannot be downloaded"
    hack/build.sh "$module" go.etcd.io/etcd/server/v3 "$folder/etcd"
    return
  fi
  say "$command $version cannot be downloaded; building it takes minutes, once"
  hack/build.sh "$module" "k8s.io/kubernetes/cmd/$command" "$folder/$command" \
    "-X k8s.io/component-base/version.gitVersion=$version -X k8s.io/client-go/pkg/version.gitVersion=$version"
}

# complete COMMAND... links the commands into one folder, those in KUBEBUILDER_ASSETS first: setup-envtest, which usually filled
# it, has no kube-controller-manager.
complete() {
  local completed=$PWD/bin/control-plane-completed/${KUBERNETES:-$version} command from
  mkdir -p "$completed"
  for command in "$@"; do
    from=$folder
    if [[ -x $assets/$command ]]; then from=$assets; fi
    [[ $from/$command -ef $completed/$command ]] || ln -sf "$from/$command" "$completed/$command"
  done
  echo "$completed"
}

if [[ -n ${KUBERNETES:-} ]]; then
  pin "hack/controlplane/$KUBERNETES"
  obtain kube-apiserver
  assets=$folder
fi
pin hack/controlplane
if [[ -z $assets ]]; then
  obtain "$@"
  echo "$folder"
  exit
fi
lacking=$(missing "$assets" "$@")
if [[ -z $lacking ]]; then
  echo "$assets"
  exit
fi
# shellcheck disable=SC2086 # commands have no spaces
obtain $lacking
complete "$@"
