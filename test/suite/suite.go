// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package suite runs the Ginkgo suites: the processes of a suite share one control plane, which takes longer to start than most
// specs, and nothing else.
package suite

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// Run runs the specs of a package. The first process starts a testbed, and stops it when all processes have ended. Each process is
// given it before its first spec. What is to be checked finally is called when all specs of all processes have ended.
func Run(
	t *testing.T, description string, start func(context.Context) (*testbed.Testbed, error), use func(*testbed.Testbed), finally ...func(*testbed.Testbed),
) {
	gomega.RegisterFailHandler(ginkgo.Fail)
	var bed *testbed.Testbed
	ginkgo.SynchronizedBeforeSuite(func(ctx context.Context) []byte {
		var err error
		bed, err = start(ctx)
		gomega.Expect(err).NotTo(gomega.HaveOccurred())
		access, err := bed.Share()
		gomega.Expect(err).NotTo(gomega.HaveOccurred())
		return access
	}, func(ctx context.Context, access []byte) {
		if bed == nil {
			var err error
			bed, err = testbed.Join(ctx, access)
			gomega.Expect(err).NotTo(gomega.HaveOccurred())
		}
		use(bed)
	})
	ginkgo.SynchronizedAfterSuite(func() {}, func() {
		if bed == nil {
			return
		}
		defer func() { gomega.Expect(bed.Stop()).To(gomega.Succeed()) }()
		for _, check := range finally {
			check(bed)
		}
	})
	ginkgo.RunSpecs(t, description)
}

// Whole reports whether this run has all specs of the suite, and not a selection.
func Whole() bool {
	config, _ := ginkgo.GinkgoConfiguration()
	selections := slices.Concat(config.FocusStrings, config.SkipStrings, config.FocusFiles, config.SkipFiles)
	return len(selections) == 0 && config.LabelFilter == ""
}

// specs counts the specs that this process has begun.
var specs int

// Namespaces returns names for the namespaces of a spec, which no other spec of any process gets. An operator that watches them
// meets no object of another spec.
func Namespaces(count int) *fixtures.Namespaces {
	specs++
	return fixtures.NewNamespaces(fmt.Sprintf("test-%d-%d", ginkgo.GinkgoParallelProcess(), specs), count)
}
