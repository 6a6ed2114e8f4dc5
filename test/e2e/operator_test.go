// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

const patience = 3 * time.Minute

// process is a running operator.
type process struct {
	*testbed.Process
	probes  string // host:port of the health probes
	metrics string // host:port
	output  testbed.Output
}

// start runs the operator until the spec ends, and waits until it is ready.
func start(flags ...string) *process {
	GinkgoHelper()
	p := launch(bed.Kubeconfig, flags...)
	p.awaitReady()
	return p
}

// awaitReady waits until the operator is ready.
func (p *process) awaitReady() {
	GinkgoHelper()
	Eventually(func() error { return testbed.Ready(p.probes) }).WithTimeout(patience).Should(Succeed())
}

// launch runs the operator with a kubeconfig until the spec ends.
func launch(kubeconfig []byte, flags ...string) *process {
	GinkgoHelper()
	return launchIn(kubeconfig, nil, flags...)
}

// launchIn does the same, with further settings of the environment.
func launchIn(kubeconfig []byte, environment []string, flags ...string) *process {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(file, kubeconfig, 0o600)).To(Succeed())
	addresses, err := testbed.FreeAddresses(context.Background(), "127.0.0.1", 2)
	Expect(err).NotTo(HaveOccurred())
	probes, metrics := addresses[0], addresses[1]
	p := &process{probes: probes, metrics: metrics}
	flags = append([]string{
		"--namespace=" + installation.Namespace, "--health-probe-bind-address=" + probes, "--metrics-bind-address=" + metrics,
		fmt.Sprintf("--host-rate-limits=*=%d/%d", ratePerSecond, 2*ratePerSecond),
	}, flags...)
	if !CurrentSpecReport().IsSerial {
		flags = append(flags, "--watch-namespaces="+strings.Join(namespaces.Names(), ","), "--cluster-connections")
	}
	p.Process, err = bed.Run(file, environment, &p.output, flags...)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() {
		_ = p.stop()
		if CurrentSpecReport().Failed() {
			AddReportEntry("the operator printed", p.output.String())
		}
	})
	return p
}

// stop asks the operator to end and returns how it did.
func (p *process) stop() error { return p.Stop(patience) }

func freeAddress() string {
	GinkgoHelper()
	address, err := testbed.FreeAddress(context.Background())
	Expect(err).NotTo(HaveOccurred())
	return address
}

// forward passes what arrives at an address on to the API server, until the spec ends.
func forward(address string) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(listener.Close)
	server, err := url.Parse(bed.Config.Host)
	Expect(err).NotTo(HaveOccurred())
	go func() {
		for {
			front, err := listener.Accept()
			if err != nil {
				return
			}
			go pipe(front, server.Host)
		}
	}()
}

// pipe connects two ends until either closes.
func pipe(front net.Conn, address string) {
	back, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", address)
	if err != nil {
		_ = front.Close()
		return
	}
	for _, ends := range [][2]net.Conn{{front, back}, {back, front}} {
		go func() {
			_, _ = io.Copy(ends[0], ends[1])
			_, _ = front.Close(), back.Close()
		}()
	}
}
