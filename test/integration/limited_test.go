// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"

	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// limited is whether the operators of the spec that runs are limited to its namespaces: under the ServiceAccount and the Roles that the
// chart renders for that, and nothing else.
var limited bool

func beLimited() {
	limited = true
	DeferCleanup(func() { limited = false })
}

// describeBoth describes what an operator does, whether it may work in all namespaces or is limited to some.
func describeBoth(text string, args ...any) bool { //nolint:unparam // a variable needs a value, as that of Ginkgo's Describe does
	Describe(text, append(args, Offset(1))...)
	return Describe("Where the operator is limited to namespaces:", Label("namespaced"), func() {
		BeforeEach(beLimited)
		Describe(text, args...)
	})
}

// startWithLimited starts a testbed, and installs there the operator that is limited to namespaces, too.
func startWithLimited(ctx context.Context) (*testbed.Testbed, error) {
	started, err := testbed.Start(ctx)
	if err != nil {
		return nil, err
	}
	return started, installation.ApplyLimited(ctx, started.Cluster)
}

// permitLimited creates namespaces with the Roles of the operator that is limited to them. It starts nowhere without these.
func permitLimited(namespaces *fixtures.Namespaces) {
	GinkgoHelper()
	for _, name := range namespaces.Names() {
		Expect(cluster.Create(context.Background(), fixtures.Namespace(name))).To(Succeed())
		Expect(installation.PermitLimited(context.Background(), cluster, name)).To(Succeed())
	}
	// Caches of the API server take a moment, in which an operator would leave the namespace out for some seconds.
	for _, name := range namespaces.Names() {
		Eventually(limitedMayRead).WithArguments(name).WithTimeout(patience).Should(BeTrue())
	}
}

// limitedConfig is that of the operator that is limited to namespaces.
func limitedConfig() *rest.Config {
	GinkgoHelper()
	config, err := bed.ConfigFor(context.Background(), installation.LimitedNamespace, installation.LimitedServiceAccount)
	Expect(err).NotTo(HaveOccurred())
	return config
}

// PermitRestarts gives the operator the optional permission to restart workloads, in the environment's namespace only.
func (e *environment) PermitRestarts() {
	GinkgoHelper()
	if !limited {
		e.Environment.PermitRestarts()
		return
	}
	e.Expect(installation.PermitLimitedRestarts(e.Context, cluster, e.Namespace)).To(Succeed())
}
