// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// hang is longer than a request may take.
const hang = time.Minute

// hangingTimeouts are shorter than a user's, since an operator that ends waits for the requests that hang.
var hangingTimeouts = fixtures.WithTimeouts(10*time.Second, 10*time.Second)

// unimpeded is how long it may take beside something that hangs, by how long it took without: less than one request that hangs,
// by far.
func unimpeded(without time.Duration) time.Duration { return 3*without + 2*time.Second }

// serveUnimpeded applies a few resources and returns how long it took until they were ready, which must not be much longer than
// without what is in their way. What is in the way is so each time; what else slows the machine down is not, so that it tries
// three times.
func (f *fleet) serveUnimpeded(endpoints []string, without time.Duration) time.Duration {
	GinkgoHelper()
	var beside time.Duration
	for range 3 {
		if beside = f.serve(endpoints); beside <= unimpeded(without) {
			break
		}
	}
	f.Expect(beside).To(BeNumerically("<=", unimpeded(without)), "%s without what is in the way", without)
	return beside
}

var _ = Describe("Requests that hang", Serial, Label("load"), func() {
	It("do not delay the resources of another connection", func() {
		onlyInLoadTest()
		start()
		healthy, hanging := newFleet(10), newFleet(10, hangingTimeouts)
		without := healthy.serve(healthy.endpoints)
		hanging.Cognigy.Inject(simulator.Fault{Delay: hang})
		hanging.apply(many, hanging.endpoints)
		hanging.waits(8)
		beside := healthy.serveUnimpeded(healthy.endpoints, without)
		measured("%d keys took %s, and %s beside a connection on which %d requests hang", few, without, beside, hanging.Posts())
	})

	It("do not delay the resources of other Endpoints", func() {
		onlyInLoadTest()
		start()
		f := newFleet(11, hangingTimeouts)
		hanging, healthy := f.endpoints[:1], f.endpoints[1:]
		without := f.serve(healthy)
		f.Cognigy.Inject(simulator.Fault{EndpointID: hanging[0], Delay: hang})
		f.apply(many, hanging)
		f.waits(few + 4)
		beside := f.serveUnimpeded(healthy, without)
		measured("%d keys took %s, and %s beside an Endpoint on which requests hang", few, without, beside)
	})
})

// waits until so many keys were asked for.
func (f *fleet) waits(posts int) {
	GinkgoHelper()
	f.Eventually(func() int { return f.Posts() }).WithTimeout(patience).Should(BeNumerically(">=", posts))
}
