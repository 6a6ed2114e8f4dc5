// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cli holds the commands of kubectl cognigy, one per file. They read and write Kubernetes objects with the permissions of the
// caller. They never talk to Cognigy, and never print what is in a Secret.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

// exitInterrupted is what shells make of SIGINT.
const exitInterrupted = 130

// plugin is what the commands share.
type plugin struct {
	genericiooptions.IOStreams
	version string
	config  *genericclioptions.ConfigFlags
	clock   clock.PassiveClock
	paint   painter
}

// Run runs the command that arguments name, and returns the exit code.
func Run(ctx context.Context, streams genericiooptions.IOStreams, version string, args []string) int {
	// Libraries log into the middle of what a person reads. What matters, they return as errors.
	klog.SetLogger(logr.Discard())
	ctrllog.SetLogger(logr.Discard())
	command := New(streams, version)
	command.SetArgs(args)
	switch err := command.ExecuteContext(ctx); {
	case err == nil:
		return 0
	case errors.Is(err, errSaid):
		return 1
	case ctx.Err() != nil:
		if err.Error() != context.Canceled.Error() { // what was left behind
			say(streams.ErrOut, "error: %s", err)
		}
		say(streams.ErrOut, "interrupted")
		return exitInterrupted
	default:
		say(streams.ErrOut, "error: %s", err)
		return 1
	}
}

// errSaid: the command has printed what is wrong.
var errSaid = errors.New("the command has said what is wrong")

// New returns the tree of commands.
func New(streams genericiooptions.IOStreams, version string) *cobra.Command {
	p := &plugin{
		IOStreams: streams, version: version, config: genericclioptions.NewConfigFlags(true), clock: clock.RealClock{}, paint: painterFor(streams.Out),
	}
	root := &cobra.Command{
		Use:   "kubectl-cognigy",
		Short: "Look at Cognigy.AI Endpoint API keys, and have the cognigy-operator act on them",
		Long: "kubectl cognigy shows what the cognigy-operator does with EndpointAPIKeys and connections, explains why, and asks it to rotate, suspend\n" +
			"or look again. It works with your own permissions in the cluster, says which one is missing, and never prints a key.",
		Version: version, SilenceUsage: true, SilenceErrors: true, DisableAutoGenTag: true,
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl cognigy"},
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.ErrOut)
	root.SetVersionTemplate("kubectl-cognigy {{.Version}}\n")
	root.AddGroup(&cobra.Group{ID: groupLook, Title: "To look:"}, &cobra.Group{ID: groupAct, Title: "To act:"})
	p.config.AddFlags(root.PersistentFlags())
	for _, flag := range []string{"namespace", "context", "cluster", "user"} {
		_ = root.RegisterFlagCompletionFunc(flag, p.completeFlag(flag))
	}
	for _, command := range commands {
		root.AddCommand(command(p))
	}
	return root
}

// The groups of the help.
const (
	groupLook = "look"
	groupAct  = "act"
)

// commands make the commands, in the order of the help.
var commands = []func(*plugin) *cobra.Command{
	(*plugin).statusCommand, (*plugin).explainCommand, (*plugin).checkCommand, (*plugin).orphansCommand,
	(*plugin).preflightCommand, (*plugin).reportCommand,
	(*plugin).rotateCommand, (*plugin).suspendCommand, (*plugin).resumeCommand, (*plugin).reconcileCommand, (*plugin).uninstallCommand,
}

// say prints a line.
func (p *plugin) say(format string, args ...any) { say(p.Out, format, args...) }

func say(out io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintln(out, printable(fmt.Sprintf(format, args...)))
}
