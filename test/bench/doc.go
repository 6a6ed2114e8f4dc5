// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package bench measures what keys cost, on a real control plane and a simulated Cognigy, beside a bare program that does the same
// safe writes (the floor). Times are for people: machines differ, so that only ratios within one run mean something. The counts
// of requests are asserted.
package bench
