// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// stopPatience is how long the operator may take to end. It needs a moment: nothing is in flight that could take longer.
const stopPatience = 20 * time.Second

// process is the operator.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
	err     error // why it ended, once it has
}

// startProcess starts a binary that prints into a file. A process that outlives a killed demo ends by itself: its control
// plane is gone, and with it its Lease.
func startProcess(binary, log string, args ...string) (*process, error) {
	output, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer output.Close() //nolint:errcheck // the process has a descriptor of its own
	// exec looks into PATH for a name without a slash, which is not what a path in a flag means.
	if binary, err = filepath.Abs(binary); err != nil {
		return nil, err
	}
	// No context ends it: stop does, after the scenario and before what the operator works on.
	p := &process{command: exec.CommandContext(context.Background(), binary, args...), ended: make(chan struct{})}
	p.command.Stdout, p.command.Stderr = output, output
	// A group of its own: Ctrl-C goes to everything in the terminal's, and the demo stops the operator itself.
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.command.Wait()
		close(p.ended)
	}()
	return p, nil
}

// watch reports that the process has ended. After stop, it reports nothing.
func (p *process) watch(lost context.CancelCauseFunc) {
	<-p.ended
	lost(fmt.Errorf("the operator ended by itself: %s", p.command.ProcessState))
}

// stop asks the process to end, and insists after a while.
func (p *process) stop() error {
	select {
	case <-p.ended:
		return nil // why is known already, or printed with its log
	default:
	}
	_ = p.command.Process.Signal(syscall.SIGTERM) // fails only if it has ended meanwhile
	select {
	case <-p.ended:
		if p.err != nil {
			return fmt.Errorf("the operator did not end cleanly: %w", p.err)
		}
		return nil
	case <-time.After(stopPatience):
		_ = p.command.Process.Kill()
		<-p.ended
		return fmt.Errorf("the operator did not end within %s of SIGTERM and was killed", stopPatience)
	}
}

// awaitReadyz waits for the operator's own word that it is ready.
func awaitReadyz(ctx context.Context, url string) error {
	return await(ctx, "200 from the operator's /readyz", func(ctx context.Context) (string, bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return "", false, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return "", false, err
		}
		defer response.Body.Close() //nolint:errcheck // read only
		_, err = io.Copy(io.Discard, response.Body)
		return response.Status, response.StatusCode == http.StatusOK, err
	})
}
