// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// few are the resources that must not notice what happens to others.
const few = 20

// The load scenarios run whole in make load-test, and smaller in make test.
var (
	// many are the resources that are in the way of others.
	many = sized(40, 100)
	// slowKeys are what a slow Cognigy is asked for.
	slowKeys = sized(100, 500)
	// goneKeys are resources whose Endpoints are gone.
	goneKeys = sized(130, 1300)
	// tenantKeys are resources of a tenant whose connections hang.
	tenantKeys = sized(40, 100)
	// quota is what Cognigy grants in a quotaWindow while quotaKeys are issued.
	quota, quotaKeys = sized(100, 200), sized(200, 800)
	quotaWindow      = sized(10*time.Second, 20*time.Second)
	// watched is how long failures are counted: long enough for waits to have grown.
	watched = sized(8*time.Second, 20*time.Second)
)

func sized[T any](small, whole T) T {
	if fixtures.ChosenSample() == fixtures.SmallSample {
		return small
	}
	return whole
}

// onlyInLoadTest skips a load scenario in make test: another one there is of the same kind.
func onlyInLoadTest() {
	GinkgoHelper()
	if fixtures.ChosenSample() == fixtures.SmallSample {
		Skip("runs in make load-test")
	}
}
