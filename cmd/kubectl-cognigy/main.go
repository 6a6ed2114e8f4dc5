// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command kubectl-cognigy is a plugin of kubectl: it shows what the cognigy-operator does, and asks it to do something. As every plugin, it
// has the permissions of whoever calls it, and no others.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/cognigy-operator/cognigy-operator/internal/cli"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := cli.Run(ctx, genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}, version, os.Args[1:])
	stop()
	os.Exit(code)
}
