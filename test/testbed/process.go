// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Process is a running operator.
type Process struct {
	command *exec.Cmd
	ended   chan struct{}
	err     error // how it ended; to be read when ended is closed
}

// Run starts the operator with a kubeconfig, a file, and further settings of its environment. It need not be ready yet when
// this returns.
func (b *Testbed) Run(kubeconfig string, environment []string, output *Output, flags ...string) (*Process, error) {
	command := exec.CommandContext(context.Background(), b.Binary, flags...)
	command.Env = append(append(os.Environ(), "KUBECONFIG="+kubeconfig), environment...)
	command.Stdout, command.Stderr = output, output
	if err := command.Start(); err != nil {
		return nil, err
	}
	p := &Process{command: command, ended: make(chan struct{})}
	go func() {
		p.err = command.Wait()
		close(p.ended)
	}()
	return p, nil
}

// PID is the process's id.
func (p *Process) PID() int { return p.command.Process.Pid }

// Stop asks the process to end, and returns how it did.
func (p *Process) Stop(patience time.Duration) error {
	_ = p.command.Process.Signal(syscall.SIGTERM) // it may have ended
	return p.Wait(patience)
}

// Wait waits for the process to end, and returns how it did.
func (p *Process) Wait(patience time.Duration) error {
	select {
	case <-p.ended:
		return p.err
	case <-time.After(patience):
		p.Kill()
		return errors.New("the operator does not end")
	}
}

// Kill ends the process as a lost node does, and returns when it is dead.
func (p *Process) Kill() {
	_ = p.command.Process.Kill() // it may have ended
	<-p.ended
}

// Pause keeps the process from doing anything until Resume, as a node that is starved of time does.
func (p *Process) Pause() { _ = p.command.Process.Signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (p *Process) Resume() { _ = p.command.Process.Signal(syscall.SIGCONT) }

// Lives reports whether the process has not ended.
func (p *Process) Lives() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}
