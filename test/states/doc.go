// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package states holds the states that the operator's resources reach: objects as a real API server had them while the integration suite
// ran, in captured/. Nobody edits them: `make states` captures those that are missing. Tests with other tools' code show each to those tools.
package states
