// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command demo shows the operator at work, with nothing but this machine: a real control plane, a simulated Cognigy, the
// manifests that users install, the operator's own binary under its own ServiceAccount, and config/samples. Every step says
// what happens and checks it; one that does not hold ends the demo with exit code 1 and the end of the operator's log.
//
// It starts and tells; it builds nothing (`make demo` does), and it knows nothing of the operator but its flags and its API.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// exitInterrupted is what shells make of SIGINT.
const exitInterrupted = 130

// errInterrupted: a user ended the demo early.
var errInterrupted = errors.New("interrupted")

func main() {
	// A closed terminal and a closed pipe end the demo as Ctrl-C does: there are processes to stop.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	// Libraries that the demo uses would otherwise complain about a missing logger in the middle of the scenario.
	ctrllog.SetLogger(zap.New(zap.WriteTo(io.Discard)))
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) int {
	settings, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		return 2
	}
	d := &demo{settings: settings, out: newOutput(os.Stdout)}
	err = d.run(ctx)
	switch {
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case err != nil:
		return 1
	}
	return 0
}

// settings are the demo's flags.
type settings struct {
	manager    string
	manifests  string
	samplesDir string
	assets     string
	log        string
	once       bool
}

func parse(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.StringVar(&s.manager, "manager", "bin/cognigy-operator", "the operator's `binary`")
	flags.StringVar(&s.manifests, "manifests", "dist/install.yaml", "`file` with what an installation needs")
	flags.StringVar(&s.samplesDir, "samples", "config/samples", "`folder` with the sample resources")
	flags.StringVar(&s.assets, "assets", "", "`folder` with etcd and kube-apiserver; found if empty")
	flags.StringVar(&s.log, "log", "", "`file` to keep the operator's log in; else it goes when the demo ends")
	flags.BoolVar(&s.once, "once", false, "end after the last step instead of staying up")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("there are no arguments beside flags, but got %q", flags.Args())
	}
	for what, path := range map[string]string{"manager": s.manager, "manifests": s.manifests, "samples": s.samplesDir} {
		if _, err := os.Stat(path); err != nil {
			return s, fmt.Errorf("--%s: %w (`make demo` builds what is needed)", what, err)
		}
	}
	return s, nil
}
