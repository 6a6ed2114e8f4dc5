// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package argocd tests what config/argocd gives to Argo CD, and that what the operator does is what Argo CD counts on. Argo CD cannot be
// imported as a library: an emulation runs the scripts, in the Lua interpreter of Argo CD and under its restrictions.
package argocd
