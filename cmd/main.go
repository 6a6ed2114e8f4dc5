// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command cognigy-operator manages the API keys of Cognigy.AI Endpoints as Kubernetes resources.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/spf13/pflag"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/cognigy-operator/cognigy-operator/internal/operator"
	"github.com/cognigy-operator/cognigy-operator/internal/options"
)

func main() {
	err := run(ctrl.SetupSignalHandler(), os.Args[1:])
	if err != nil && !errors.Is(err, pflag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "cognigy-operator:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	// net/http logs parts of answers that it cannot assign to a request. It returns what matters as errors, too.
	// mutation: log-unsolicited-bytes
	log.SetOutput(io.Discard)
	parsed, err := options.Parse(args)
	if err != nil {
		return err
	}
	if parsed.Version {
		_, err = fmt.Fprintln(os.Stdout, build())
		return err
	}
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&parsed.Log)))
	if err := bypassProxy(); err != nil {
		return err
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("cannot find the cluster to work in; set --kubeconfig or KUBECONFIG: %w", err)
	}
	if parsed.UninstallCheck { // whose output Kubernetes shows as the reason why the Job failed
		return operator.CheckUninstall(ctx, config, parsed)
	}
	ctrl.Log.Info("starting " + build())
	return operator.Run(ctx, config, parsed, version)
}
