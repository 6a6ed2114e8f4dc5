// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/test/states"
)

// recordStates has one process write what states all specs reach into a folder, when they have ended.
func recordStates(folder string) {
	GinkgoHelper()
	if GinkgoParallelProcess() != 1 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	recorder, err := states.Record(ctx, bed.Config)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() {
		cancel()
		Expect(recorder.Write(folder)).To(Succeed())
	})
}
