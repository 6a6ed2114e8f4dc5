// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package health shows every captured state of our resources to the tools that wait for resources, and writes down what each makes of it.
package health
