// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

const (
	// hang is longer than a request may take.
	hang = time.Minute
	// few are the resources that must not notice, many those that are in the way.
	few, many = 20, 100
)

// unimpeded is how long it may take beside something that hangs, by how long it took without: less than one request that hangs,
// by far.
func unimpeded(without time.Duration) time.Duration { return 3*without + 2*time.Second }

// A Cognigy that accepts requests and never answers does not keep the workers from the resources of another connection.
func TestHangingConnection(t *testing.T) {
	start(t)
	healthy, hanging := newFleet(t, 10), newFleet(t, 10)
	without := healthy.serve(healthy.endpoints)
	hanging.Cognigy.Inject(simulator.Fault{Delay: hang})
	hanging.apply(many, hanging.endpoints)
	hanging.waits(8)
	beside := healthy.serve(healthy.endpoints)
	t.Logf("%d keys took %s, and %s beside a connection on which %d requests hang", few, without, beside,
		hanging.Posts())
	healthy.Expect(beside).To(BeNumerically("<=", unimpeded(without)))
}

// An Endpoint for which Cognigy does not answer does not keep the others of the same connection waiting.
func TestHangingEndpoint(t *testing.T) {
	start(t)
	f := newFleet(t, 11)
	hanging, healthy := f.endpoints[:1], f.endpoints[1:]
	without := f.serve(healthy)
	f.Cognigy.Inject(simulator.Fault{EndpointID: hanging[0], Delay: hang})
	f.apply(many, hanging)
	f.waits(few + 4)
	beside := f.serve(healthy)
	t.Logf("%d keys took %s, and %s beside an Endpoint on which %d requests hang", few, without, beside,
		f.Posts()-2*few)
	f.Expect(beside).To(BeNumerically("<=", unimpeded(without)))
}

// waits until so many keys were asked for.
func (f *fleet) waits(posts int) {
	f.t.Helper()
	f.Eventually(func() int { return f.Posts() }).WithTimeout(patience).Should(BeNumerically(">=", posts))
}
