// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command simulator runs the Cognigy.AI simulator until it is interrupted. It prints as JSON where
// it listens, a credential it accepts and an Endpoint it has; the rest is done with the control API.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// greeting is all that another process has to know.
type greeting struct {
	URL      string             `json:"url"`
	APIKey   string             `json:"apiKey"`
	CABundle string             `json:"caBundle,omitempty"`
	Endpoint simulator.Endpoint `json:"endpoint"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var options simulator.Options
	flags := flag.NewFlagSet("simulator", flag.ContinueOnError)
	flags.StringVar(&options.Address, "address", "127.0.0.1:0", "loopback `address` to listen on")
	flags.BoolVar(&options.TLS, "tls", false, "serve https with a certificate made at start")
	if err := flags.Parse(args); err != nil {
		return err
	}
	s, err := simulator.Start(options)
	if err != nil {
		return err
	}
	defer s.Close()

	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(greeting{
		URL:      s.URL(),
		APIKey:   s.APIKey(),
		CABundle: string(s.CABundle()),
		Endpoint: s.AddEndpoint("64f0c0ffee00000000000001", "CRM webhook"),
	}); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
