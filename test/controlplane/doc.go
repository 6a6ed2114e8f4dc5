// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controlplane runs a real Kubernetes control plane for tests, the demo and benchmarks: etcd and kube-apiserver,
// and kube-controller-manager where garbage collection or the deletion of namespaces matters. It starts binaries that are
// there already (`make control-plane` gets them); there is no kubelet and no scheduler, so no Pod ever runs.
//
// RBAC is on. Whatever ends the process that called Start, even kill -9, ends the control plane too: a guard process
// waits for that, so that a failed or interrupted test leaves nothing behind.
package controlplane
