// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package simulator is Cognigy.AI over real HTTP on loopback: the project, Endpoint and API key
// routes of /new/v2.0, the routes of access tokens and super API keys, the Endpoints themselves, and
// faults on demand. Unit tests, integration
// tests, the demo and the benchmarks all talk to this one; there is no second fake. It goes by the
// documentation, as test/openapi has it; Options choose where that leaves open what Cognigy does.
//
// Tests should check the ledger: every key ever made, with what revoked it and when.
// Responses only say what the client was told. Plaintext is handed out once, as Cognigy does, and
// kept as its SHA-256, so that nothing the simulator returns can leak it.
//
// The same listener serves a control API below /_simulator/ for callers in another process. It has
// no authentication, hence the simulator listens on loopback only.
//
// Not here: Flows behind the Endpoints, and any knowledge of Kubernetes
// or of how the operator marks its keys.
package simulator
