// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"context"
	"net"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"

	"github.com/cognigy-operator/cognigy-operator/internal/operator"
	"github.com/cognigy-operator/cognigy-operator/internal/options"
)

// A Pod that is deleted before it reached the API server has not failed.
func TestEndsWhileItWaitsForTheAPIServer(t *testing.T) {
	g := NewWithT(t)
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = silent.Close() }()
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- operator.Run(ctx, &rest.Config{Host: silent.Addr().String()}, &options.Options{}, "test")
	}()
	asked, err := silent.Accept()
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = asked.Close() }()
	end()
	g.Eventually(ended).WithTimeout(20 * time.Second).Should(Receive(BeNil()))
}
