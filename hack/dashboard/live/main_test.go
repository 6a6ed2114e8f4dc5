// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package live_test answers the expressions of the dashboard with what a running operator tells while things happen to it, and draws
// docs/images/dashboard-*.png of the answers.
package live_test

import (
	"context"
	"errors"
	"flag"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

var (
	bed    *testbed.Testbed
	update = flag.Bool("update", false, "draw the pictures of docs/dashboard.md")
)

func TestMain(m *testing.M) {
	flag.Parse()
	controlplane.Main(func() (int, error) { return run(m) })
}

func run(m *testing.M) (code int, err error) {
	ctrl.SetLogger(logr.Discard()) // the operator logs, not the test
	if bed, err = testbed.StartWithBinary(context.Background()); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, bed.Stop()) }()
	return m.Run(), nil
}
