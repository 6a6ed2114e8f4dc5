#!/usr/bin/env bash
# Removes the operator from the cluster of the current kubectl context, in the order that leaves no key behind that nothing knows of: resources
# while the operator runs, then the CustomResourceDefinitions, then the operator. It reads the operator's manifests from standard input:
#   kustomize build config/default | CONFIRM=yes hack/undeploy.sh
# Without CONFIRM=yes it says what it would delete, and deletes nothing. Where it stops, it says why, and goes on when it is run again.
set -euo pipefail

patience=${PATIENCE:-300} # seconds for which nothing may change before it gives up
group=cognigy-operator.io
keys=endpointapikeys connections="cognigyconnections clustercognigyconnections"
confirmation=$group/confirm-deletion=true
retained='{range .items[?(@.spec.deletionPolicy=="Retain")]}'
retained+='  {.metadata.namespace}/{.metadata.name}: key {.status.keyID} of Endpoint {.status.endpointID}, in Secret {.status.secretName}{"\n"}{end}'

say() { echo "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# names KIND prints namespace and name of each resource; nothing if the cluster does not know the kind.
names() {
  local crd
  crd=$(kubectl get crd "$1.$group" --ignore-not-found -o name) || return
  [[ -z $crd ]] || kubectl get "$1.$group" --all-namespaces \
    -o go-template='{{range .items}}{{with .metadata.namespace}}{{.}}/{{end}}{{.metadata.name}}{{"\n"}}{{end}}'
}

count() {
  local found
  found=$(names "$1") || return
  grep -c . <<<"$found" || true
}

# retained prints the keys that go on to work.
retained() {
  local found
  found=$(names "$keys") || return
  [[ -z $found ]] || kubectl get "$keys.$group" --all-namespaces -o jsonpath="$retained"
}

# ready prints how many of the operator's Pods are ready.
ready() {
  local found
  found=$(kubectl get deployments --all-namespaces -l app.kubernetes.io/name=cognigy-operator \
    -o jsonpath='{range .items[*]}{.status.readyReplicas}{"\n"}{end}') || return
  awk '{ n += $1 } END { print n + 0 }' <<<"$found"
}

# held prints the credentials Secrets that the operator has not released yet.
held() {
  local found
  found=$(kubectl get secrets --all-namespaces -l "$group/secret-type=credentials" \
    -o jsonpath='{range .items[*]}{.metadata.namespace}/{.metadata.name} {.metadata.finalizers}{"\n"}{end}') || return
  grep -F "$group/in-use" <<<"$found" || true
}

# await WHAT COMMAND... waits until the command prints nothing or 0, and gives up when it prints the same for too long.
await() {
  local what=$1 left before='' since=$SECONDS
  shift
  while :; do
    left=$("$@") || exit # a caller that handles the status has errexit off
    if [[ -z $left || $left == 0 ]]; then return; fi
    if [[ $left != "$before" ]]; then
      say "waiting for $what: ${left%%$'\n'*}"
      before=$left since=$SECONDS
    fi
    if ((SECONDS - since >= patience)); then return 1; fi
    sleep 1
  done
}

# remove KIND deletes all resources of a kind, and waits until they are gone.
remove() {
  local kind=$1 left
  left=$(count "$kind")
  if ((left == 0)); then return; fi
  kubectl delete "$kind.$group" --all --all-namespaces --wait=false >/dev/null
  await "the operator to let go of all $kind" count "$kind" || {
    say "Nothing has changed for $patience seconds. These are the first of those that are left, and what their conditions say:"
    kubectl get "$kind.$group" --all-namespaces \
      -o jsonpath='{range .items[*]}  {.metadata.namespace}/{.metadata.name}: {.status.conditions[*].message}{"\n"}{end}' | head -n 5 >&2
    say "Mend that, and run this again. The operator still runs; its log says more. If the Cognigy of an EndpointAPIKey is gone for good,"
    say "its key cannot be revoked. Let go of it: kubectl patch $keys NAME -n NAMESPACE --type=merge -p '{\"spec\":{\"deletionPolicy\":\"Retain\"}}'"
    fail "If something such as Argo CD or Flux makes the resources again, stop that first."
  }
}

manifests=$(cat)
[[ $manifests == *"kind: Deployment"* ]] || fail "Standard input has no manifests of the operator."
context=$(kubectl config current-context)
released=$(kubectl get deployments --all-namespaces -l app.kubernetes.io/name=cognigy-operator,app.kubernetes.io/managed-by=Helm -o name)
[[ -z $released ]] || fail "Helm installed the operator in this cluster: docs/install-helm.md says how to uninstall it."
number=$(count "$keys")
lasting=$(retained)
say "In the cluster of the kubectl context $context, this deletes"
say "  $number EndpointAPIKeys. The operator revokes their keys in Cognigy, and every call with them is refused from then on."
if [[ -n $lasting ]]; then
  say "  Of these, the following have deletionPolicy: Retain. Their keys go on to work, and nothing rotates, heals or revokes them:"
  say "$lasting"
fi
for kind in $connections; do
  left=$(count "$kind")
  say "  $left $kind"
done
say "  the CustomResourceDefinitions, and the operator with its namespace and every Secret in that."
[[ ${CONFIRM:-} == yes ]] || fail "Nothing is deleted yet. To do it: make undeploy CONFIRM=yes"
running=$(ready)
if ((number > 0 && running == 0)); then
  fail "The operator does not run, and nothing else revokes keys. Start it first (make deploy), and run this again."
fi

remove "$keys"
for kind in $connections; do
  remove "$kind"
done
await "the operator to release the credentials" held ||
  fail "The operator does not release these Secrets. Its log says why: $(held)"
# While the operator still runs, so that it revokes what may have been made meanwhile.
for kind in $keys $connections; do
  crd=$(kubectl get crd "$kind.$group" --ignore-not-found -o name)
  [[ -n $crd ]] || continue
  kubectl annotate --overwrite "$crd" "$confirmation" >/dev/null
  kubectl delete "$crd" --timeout="${patience}s" >&2 || fail "Run this again, and it goes on here."
done
kubectl delete --ignore-not-found -f - <<<"$manifests" >&2
say "The operator is gone."
if [[ -n $lasting ]]; then
  say "These keys go on to work. Nothing manages them any more; their Secrets say which they are:"
  say "$lasting"
fi
