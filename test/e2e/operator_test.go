// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

const patience = 90 * time.Second

// process is a running operator.
type process struct {
	command *exec.Cmd
	probes  string // base URL of the health probes
	metrics string // host:port
	output  *output
	ended   chan error
}

// start runs the operator until the test ends, and waits until it is ready.
func start(t *testing.T, flags ...string) *process {
	t.Helper()
	g := NewWithT(t)
	kubeconfig, err := plane.KubeconfigFor(t.Context(), installation.Namespace, installation.ServiceAccount)
	g.Expect(err).NotTo(HaveOccurred())
	file := filepath.Join(t.TempDir(), "kubeconfig")
	g.Expect(os.WriteFile(file, kubeconfig, 0o600)).To(Succeed())
	probes, metrics := freeAddress(g), freeAddress(g)
	p := &process{probes: "http://" + probes, metrics: metrics, output: &output{}, ended: make(chan error, 1)}
	flags = append([]string{
		"--namespace=" + installation.Namespace, "--health-probe-bind-address=" + probes, "--metrics-bind-address=" + metrics,
	}, flags...)
	p.command = exec.CommandContext(context.Background(), binary, flags...)
	p.command.Env = append(os.Environ(), "KUBECONFIG="+file)
	p.command.Stdout, p.command.Stderr = p.output, p.output
	g.Expect(p.command.Start()).To(Succeed())
	go func() { p.ended <- p.command.Wait(); close(p.ended) }()
	t.Cleanup(func() {
		_ = p.stop()
		if t.Failed() {
			t.Logf("the operator printed:\n%s", p.output)
		}
	})
	g.Eventually(func() error { return get(p.probes + "/readyz") }).WithTimeout(patience).Should(Succeed())
	return p
}

// stop asks the operator to end and returns how it did.
func (p *process) stop() error {
	_ = p.command.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case err := <-p.ended:
		return err
	case <-time.After(patience):
		return errors.Join(errors.New("the operator does not end"), p.command.Process.Kill())
	}
}

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

// output collects what a process prints.
type output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}
