// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crash_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// process is a running operator.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
}

// startProcess runs the operator for one namespace. It need not be ready yet when this returns.
func startProcess(kubeconfig, namespace string, output *output) (*process, error) {
	command := exec.CommandContext(context.Background(), binary,
		"--namespace="+installation.Namespace, "--watch-namespaces="+namespace, "--drift-interval="+driftInterval.String(),
		// Nobody asks for either, and many operators run side by side.
		"--metrics-bind-address=0", "--health-probe-bind-address=127.0.0.1:0",
		// The highest verbosity that is permitted: plaintexts are searched for in what it prints.
		"--zap-log-level=7",
	)
	// Many processes start, and none lives long: they need not tidy up.
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "GOGC=400")
	command.Stdout, command.Stderr = output, output
	if err := command.Start(); err != nil {
		return nil, err
	}
	p := &process{command: command, ended: make(chan struct{})}
	go func() {
		_ = command.Wait() // killed, always
		close(p.ended)
	}()
	return p, nil
}

// kill ends the process as a lost node does, and returns when it is dead.
func (p *process) kill() {
	_ = p.command.Process.Kill() // it may have ended
	<-p.ended
}

func (p *process) lives() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// writeKubeconfig writes the operator's kubeconfig, with a proxy in place of the API server.
func writeKubeconfig(folder string, p *proxy) (string, error) {
	config, err := clientcmd.Load(kubeconfig)
	if err != nil {
		return "", err
	}
	for _, c := range config.Clusters {
		c.Server, c.CertificateAuthorityData = p.url, identity.ca
	}
	file := filepath.Join(folder, "kubeconfig")
	return file, clientcmd.WriteToFile(*config, file)
}

// output collects what all processes of a case print.
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
