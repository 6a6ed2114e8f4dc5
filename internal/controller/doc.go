// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controller holds the reconcilers: EndpointAPIKeys, and the two kinds of connections. They observe, have a plan made
// (package plan), carry out one action of it, and report. What is safe to do when is decided in the plan, not here.
package controller
