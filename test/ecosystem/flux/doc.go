// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package flux has Flux's own source-controller and kustomize-controller deploy what docs/flux.md shows, from an OCI registry on loopback to a
// real API server with kube-controller-manager. No kubelet runs: the tests set Pods ready, and run the operator's binary while its Pods exist.
package flux
