#!/usr/bin/env bash
# Prints the folder that holds the binaries of a control plane, after making sure that it does: hack/control-plane.sh [COMMAND...].
# Without commands these are etcd, kube-apiserver and kube-controller-manager. Progress goes to standard error.
#
# What is there is used: KUBEBUILDER_ASSETS, then bin/control-plane/<version>. What is missing is downloaded, as
# hack/download-control-plane.sh says, and built from Go modules where it cannot be downloaded.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if (($# == 0)); then set -- etcd kube-apiserver kube-controller-manager; fi

version_of() { (cd hack/controlplane && go list -m -f '{{.Version}}' "$1"); }
version=$(version_of k8s.io/kubernetes)
folder=$PWD/bin/control-plane/$version

say() { echo "control plane: $*" >&2; }

# missing FOLDER COMMAND... prints those of the commands that are not in the folder.
missing() {
  local folder=$1 command
  shift
  for command in "$@"; do
    [[ -x $folder/$command ]] || echo "$command"
  done
}

build() {
  local command=$1
  if [[ $command == etcd ]]; then
    say "etcd $(version_of go.etcd.io/etcd/server/v3) cannot be downloaded"
    hack/build.sh hack/controlplane go.etcd.io/etcd/server/v3 "$folder/etcd"
    return
  fi
  say "$command $version cannot be downloaded; building it takes minutes, once"
  hack/build.sh hack/controlplane "k8s.io/kubernetes/cmd/$command" "$folder/$command" \
    "-X k8s.io/component-base/version.gitVersion=$version -X k8s.io/client-go/pkg/version.gitVersion=$version"
}

if [[ -n ${KUBEBUILDER_ASSETS:-} ]]; then
  if [[ -z $(missing "$KUBEBUILDER_ASSETS" "$@") ]]; then
    echo "$KUBEBUILDER_ASSETS"
    exit
  fi
  # Those of setup-envtest lack kube-controller-manager: what is missing is put beside them.
  folder=$PWD/bin/control-plane-completed/$version
  mkdir -p "$folder"
  for command in "$@"; do
    if [[ -x $KUBEBUILDER_ASSETS/$command ]]; then
      ln -sf "$KUBEBUILDER_ASSETS/$command" "$folder/$command"
    fi
  done
fi
wanted=$(missing "$folder" "$@")
if [[ -n $wanted ]]; then
  # shellcheck disable=SC2086 # commands have no spaces
  hack/download-control-plane.sh "$folder" "$version" $wanted
  for command in $(missing "$folder" "$@"); do
    build "$command"
  done
fi
echo "$folder"
