#!/usr/bin/env bash
# Builds kubectl-cognigy for platforms, and packages each as krew installs it:
#   SOURCE_DATE_EPOCH=<seconds> hack/package-plugin.sh VERSION OS/ARCH...
# The archives depend on the source alone, so that who builds them again gets the same ones.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$1
shift
mkdir -p dist
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp LICENSE cmd/kubectl-cognigy/kubectl_complete-cognigy "$work/"
chmod 0755 "$work/kubectl_complete-cognigy"

for platform in "$@"; do
  os=${platform%/*} arch=${platform#*/} binary=kubectl-cognigy
  [[ $os != windows ]] || binary+=.exe
  echo "kubectl-cognigy for $platform" >&2
  CGO_ENABLED=0 GOOS=$os GOARCH=$arch go build -trimpath -ldflags "-s -w -X main.version=$version" -o "$work/$binary" ./cmd/kubectl-cognigy
  tar --sort=name --owner=0 --group=0 --numeric-owner --mode=go-w --mtime="@$SOURCE_DATE_EPOCH" -C "$work" \
    -c "$binary" LICENSE kubectl_complete-cognigy | gzip -n >"dist/kubectl-cognigy_${os}_$arch.tar.gz"
  rm "$work/$binary"
done
# The manifest names the archives of all platforms, and fails without one of them.
go run ./hack/krew "$version" dist >"$work/krew.yaml"
mv "$work/krew.yaml" dist/krew.yaml
