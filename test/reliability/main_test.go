// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package reliability_test runs the operator where everything goes wrong, and judges what becomes of the keys.
//
// Crashes: each story (story_test.go) is first recorded. Two proxies, in front of the API server and of Cognigy, number every
// effect (proxy_test.go, effect_test.go, gate_test.go). Then, for each number, the story is told again and the process is
// killed there: before the effect, after it was committed but before it knows, or after the answer (crash_test.go).
// Stale and unobserved state: the stories are told while watches are late, held back or cut, and lists are old (stale_test.go);
// and with two leaders, one of which is paused past its lease (leaders_test.go). Chaos: random sequences of what users do,
// crossed with random faults of Cognigy and of the operator's surroundings (chaos_test.go).
//
// The judges (court_test.go, verdict_test.go, audit_test.go) look at what passes the proxies, at the simulator's ledger, at the
// objects and at the audit log. They never ask the operator; nothing in it knows of these tests.
package reliability_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

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
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if identity, err = newCertificate(); err != nil {
		return 0, err
	}
	if bed, err = testbed.Start(context.Background()); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, bed.Stop()) }()
	cluster = bed.Cluster
	return m.Run(), audit.check()
}
