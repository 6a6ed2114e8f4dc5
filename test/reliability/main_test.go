// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package reliability_test runs the operator where everything goes wrong, and checks what becomes of the keys.
//
// Crashes: each scenario (scenarios_test.go) is first recorded. Two proxies, in front of the API server and of Cognigy, number every
// effect (proxy_test.go, effect_test.go, injector_test.go). Then, for each number, the scenario runs again and the process is
// killed there: before the effect, after it was committed but before it knows, or after the answer (crash_test.go).
// Stale and unobserved state: the scenarios run while watches are late, held back or cut, and lists are old (stale_test.go);
// and with two leaders, one of which is paused past its lease (leaders_test.go). Chaos: random sequences of what users do,
// crossed with random faults of Cognigy and of the operator's surroundings (chaos_test.go).
//
// The checker (checker_test.go, check_*_test.go, invariants_test.go, audit_test.go) looks at what passes the proxies, at the simulator's ledger, at the
// objects and at the audit log. It never asks the operator; nothing in it knows of these tests.
package reliability_test

import (
	"context"
	"errors"
	"flag"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// All cases share one control plane. Each has a namespace, a Cognigy and an operator of its own.
var (
	bed      *testbed.Testbed
	cluster  client.Client // as administrator
	identity *certificate
)

// sideBySide is how many cases run at a time. They wait more than they work.
const sideBySide = "24"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", sideBySide); err != nil {
		panic(err)
	}
	controlplane.Main(func() (int, error) { return run(m) })
}

func run(m *testing.M) (code int, err error) {
	if identity, err = newCertificate(); err != nil {
		return 0, err
	}
	ctrl.SetLogger(logr.Discard()) // the operator logs, not the test
	if bed, err = testbed.StartWithBinary(context.Background()); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, bed.Stop()) }()
	cluster = bed.Cluster
	return m.Run(), audit.check()
}
