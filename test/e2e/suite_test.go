// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package e2e_test tells what the operator's binary does, as a process of its own with the permissions that it is installed with, and
// counts what that costs the API server and Cognigy.
package e2e_test

import (
	"testing"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/suite"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// namespacesPerSpec is more than a spec needs.
const namespacesPerSpec = 24

// Each spec starts operators of its own, which watch its namespaces. Serial are those specs whose operators watch every namespace, as
// they do by default, or use the Lease, and those that compare times.
var (
	bed        *testbed.Testbed
	cluster    client.Client // as administrator
	namespaces *fixtures.Namespaces
)

func TestOperator(t *testing.T) {
	suite.Run(t, "The operator's binary", testbed.StartWithBinary, func(shared *testbed.Testbed) {
		bed, cluster = shared, shared.Cluster
		ctrl.SetLogger(logr.Discard()) // the operator logs, not the test
	}, usesItsPermissions)
}

var _ = BeforeEach(func() { namespaces = suite.Namespaces(namespacesPerSpec) })
