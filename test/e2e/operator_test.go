// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

const patience = 3 * time.Minute

// process is a running operator.
type process struct {
	*testbed.Process
	probes  string // base URL of the health probes
	metrics string // host:port
	output  testbed.Output
}

// start runs the operator until the test ends, and waits until it is ready.
func start(t *testing.T, flags ...string) *process {
	t.Helper()
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "kubeconfig")
	g.Expect(os.WriteFile(file, bed.Kubeconfig, 0o600)).To(Succeed())
	probes, metrics := freeAddress(g), freeAddress(g)
	p := &process{probes: "http://" + probes, metrics: metrics}
	flags = append([]string{
		"--namespace=" + installation.Namespace, "--health-probe-bind-address=" + probes, "--metrics-bind-address=" + metrics,
		fmt.Sprintf("--host-rate-limits=*=%d/%d", ratePerSecond, 2*ratePerSecond),
	}, flags...)
	var err error
	p.Process, err = bed.Run(file, nil, &p.output, flags...)
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() {
		_ = p.stop()
		if t.Failed() {
			t.Logf("the operator printed:\n%s", &p.output)
		}
	})
	g.Eventually(func() error { return get(p.probes + "/readyz") }).WithTimeout(patience).Should(Succeed())
	return p
}

// stop asks the operator to end and returns how it did.
func (p *process) stop() error { return p.Stop(patience) }

func get(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // nothing was written
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return nil
}

func freeAddress(g Gomega) string {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	defer listener.Close() //nolint:errcheck // the port is what counts
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
}
