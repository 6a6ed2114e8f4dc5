// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package e2e_test runs the operator's binary as a process of its own, with the permissions that it is installed with, and
// counts what it does to the API server and to Cognigy.
package e2e_test

import (
	"context"
	"errors"
	"flag"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

var (
	bed     *testbed.Testbed
	cluster client.Client // as administrator
)

func TestMain(m *testing.M) {
	flag.Parse()
	controlplane.Main(func() (int, error) { return run(m) })
}

func run(m *testing.M) (code int, err error) {
	if bed, err = testbed.Start(context.Background()); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, bed.Stop()) }()
	cluster = bed.Cluster
	return m.Run(), nil
}
