// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// guard is a process that outlives this one by a moment. It waits on a pipe whose other end only this process holds; when
// that closes, whatever the cause, it kills every process group that was started through wrap and removes the folder.
type guard struct {
	folder  string
	pids    string
	command *exec.Cmd
	alive   io.Closer
}

// The rename comes first: a process that registers itself too late to be seen finds the folder gone and gives up. The
// folder may need a second try, since a process can still write until its kill has gone through.
const guardScript = `cat >/dev/null
[ -d "$1/ended" ] || mv "$1/pids" "$1/ended"
for pid in $(ls "$1/ended"); do kill -s KILL -- "-$pid" 2>/dev/null; done
for try in 1 2 3; do rm -rf "$1" && break; sleep 1; done 2>/dev/null`

// $$ is the pid of the process after exec, too, and with Setpgid the id of its group. envtest asks for --help to learn
// which flags there are; that process ends by itself.
const wrapScript = `#!/bin/sh
[ "$1" = --help ] || : > '%s'/$$ || exit 1
exec '%s' "$@"
`

func startGuard(folder string) (*guard, error) {
	g := &guard{folder: folder, pids: filepath.Join(folder, "pids")}
	if err := os.Mkdir(g.pids, 0o700); err != nil {
		return nil, err
	}
	g.command = exec.CommandContext(context.Background(), "/bin/sh", "-c", guardScript, "control-plane-guard", folder)
	// A group of its own, so that ^C does not end the guard together with what it guards.
	g.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	alive, err := g.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	g.alive = alive
	return g, g.command.Start()
}

// wrap returns a script that registers itself with the guard and becomes the command.
func (g *guard) wrap(command string) (string, error) {
	script := filepath.Join(g.folder, filepath.Base(command)+".sh")
	if strings.ContainsAny(command+g.folder, "'\n") {
		return "", fmt.Errorf("cannot start %s from %s: a quote or line break in the path", command, g.folder)
	}
	return script, os.WriteFile(script, fmt.Appendf(nil, wrapScript, g.pids, command), 0o700)
}

// groups lists the process groups that registered themselves in a folder.
func groups(folder string) []int {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	var groups []int
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil && pid > 1 {
			groups = append(groups, pid)
		}
	}
	return groups
}

// kill does at once what the guard does in the end; nothing can be started afterwards.
func (g *guard) kill() {
	ended := filepath.Join(g.folder, "ended")
	if err := os.Rename(g.pids, ended); err != nil {
		return
	}
	for _, group := range groups(ended) {
		_ = syscall.Kill(-group, syscall.SIGKILL)
	}
}

// stop ends what is left, the guard itself and the folder.
func (g *guard) stop() error {
	_ = g.alive.Close()
	done := make(chan error, 1)
	go func() { done <- g.command.Wait() }()
	select {
	case err := <-done:
		return err
	case <-time.After(stopTimeout):
		return errors.Join(errors.New("the control plane's guard does not end"), g.command.Process.Kill())
	}
}
