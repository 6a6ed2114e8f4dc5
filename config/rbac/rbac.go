// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rbac holds the roles that the manifests bind to the operator's ServiceAccount, so that the program knows what it may need.
package rbac

import _ "embed"

var (
	// Manager is what the operator needs for its work, generated from the markers in its code.
	//go:embed role.yaml
	Manager []byte
	// LeaderElection is what it needs in its own namespace to elect a leader.
	//go:embed leader_election_role.yaml
	LeaderElection []byte
	// MetricsAuth is what it needs to find out who may read metrics.
	//go:embed metrics_auth_role.yaml
	MetricsAuth []byte
)
