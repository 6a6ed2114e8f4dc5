#!/usr/bin/env bash
# Prints the folder that holds Flux's source-controller and kustomize-controller, after making sure that it does, with their
# CustomResourceDefinitions (crds) and the permissions of source-controller (source-controller-role.yaml). They are built from the modules
# that hack/flux pins, and kept in bin/flux/<versions>. Progress goes to standard error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

of_module() { (cd hack/flux && go list -m -f "{{.$1}}" "github.com/fluxcd/$2"); }

folder=$PWD/bin/flux/$(of_module Version source-controller)-$(of_module Version kustomize-controller)
mkdir -p "$folder/crds"
for name in source-controller kustomize-controller; do
  if [[ -x $folder/$name ]]; then continue; fi
  hack/build.sh hack/flux "github.com/fluxcd/$name" "$folder/$name.built"
  cp -f "$(of_module Dir "$name")"/config/crd/bases/*.yaml "$folder/crds/"
  cp -f "$(of_module Dir "$name")/config/rbac/role.yaml" "$folder/$name-role.yaml"
  mv "$folder/$name.built" "$folder/$name" # last, so that a folder that has the command has the rest
done
echo "$folder"
