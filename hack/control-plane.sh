#!/usr/bin/env bash
# Prints the folder that holds etcd, kube-apiserver and kube-controller-manager, after making sure that it does.
# Order: KUBEBUILDER_ASSETS, completed if something is missing there; what was built before (bin/control-plane/<version>); the prebuilt etcd and kube-apiserver
# of setup-envtest; a build from Go modules, for whatever is still missing. Progress goes to standard error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

commands=(etcd kube-apiserver kube-controller-manager)
version=$(cd hack/controlplane && go list -m -f '{{.Version}}' k8s.io/kubernetes)
folder=$PWD/bin/control-plane/$version

say() { echo "control plane: $*" >&2; }

missing() {
  local command
  for command in "${commands[@]}"; do
    [[ -x $1/$command ]] || echo "$command"
  done
}

download() {
  local minor found
  minor=$(cut -d. -f1-2 <<<"${version#v}")
  say "looking for prebuilt binaries of Kubernetes $minor (setup-envtest)"
  if ! found=$(cd hack/tools && go tool setup-envtest use "$minor.x" --bin-dir "$folder/envtest" -p path 2>/dev/null); then
    say "there are none within reach"
    return
  fi
  cp "$found/etcd" "$found/kube-apiserver" "$folder/"
}

build() {
  local command=$1 package=k8s.io/kubernetes/cmd/$1
  [[ $command == etcd ]] && package=go.etcd.io/etcd/server/v3
  say "building $command $version from Go modules (the first time this takes minutes: about 8 on two cores for kube-apiserver)"
  local started=$SECONDS flags="-s -w"
  flags+=" -X k8s.io/component-base/version.gitVersion=$version -X k8s.io/client-go/pkg/version.gitVersion=$version"
  (cd hack/controlplane && CGO_ENABLED=0 go build -ldflags "$flags" -o "$folder/$command.partial" "$package")
  mv "$folder/$command.partial" "$folder/$command"
  say "built $command in $((SECONDS - started)) s"
}

mkdir -p "$folder"
if [[ -n ${KUBEBUILDER_ASSETS:-} ]]; then
  if [[ -z $(missing "$KUBEBUILDER_ASSETS") ]]; then
    echo "$KUBEBUILDER_ASSETS"
    exit
  fi
  # Those of setup-envtest lack kube-controller-manager: what is missing is built beside them.
  folder=$PWD/bin/control-plane-completed/$version
  mkdir -p "$folder"
  for command in "${commands[@]}"; do
    if [[ -x $KUBEBUILDER_ASSETS/$command ]]; then
      ln -sf "$KUBEBUILDER_ASSETS/$command" "$folder/$command"
    fi
  done
fi
if [[ -n $(missing "$folder" | grep -E 'etcd|apiserver' || true) ]]; then
  download
fi
for command in $(missing "$folder"); do
  build "$command"
done
echo "$folder"
