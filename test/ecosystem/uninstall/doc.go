// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package uninstall tests what becomes of keys when the operator is removed: in order, by hack/undeploy.sh, and all at once, by the kubectl
// command, as Argo CD does it, and with its namespace. Each test has a control plane for itself.
package uninstall
