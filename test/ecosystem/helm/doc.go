// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package helm tests the charts with Helm's own code: as text, and on a real API server.
package helm
