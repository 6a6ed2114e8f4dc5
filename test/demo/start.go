// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// start starts all there is, installs the operator and applies the samples.
func (d *demo) start(ctx context.Context, lost context.CancelCauseFunc) error {
	var err error
	if d.samples, err = readSamples(d.samplesDir); err != nil {
		return err
	}
	if d.folder, err = os.MkdirTemp("", "cognigy-demo-"); err != nil {
		return err
	}
	d.out.line("The operator at work, on this machine alone: a real control plane, and a Cognigy that is simulated.")
	d.out.heading("Starting")
	if err := d.timed(ctx, "etcd, kube-apiserver, kube-controller-manager", func() error { return d.startPlane(ctx) }); err != nil {
		return err
	}
	if err := d.timed(ctx, "a Cognigy that is simulated, over TLS on loopback", d.startCognigy); err != nil {
		return err
	}
	if err := d.timed(ctx, d.manifests+", all but the Deployment", func() error { return d.install(ctx) }); err != nil {
		return err
	}
	if err := d.timed(ctx, d.manager+", as its ServiceAccount", func() error { return d.startOperator(ctx, lost) }); err != nil {
		return err
	}
	d.out.note("its log: " + d.logFile())
	d.out.heading("Applying " + d.samplesDir)
	return d.apply(ctx)
}

// timed prints what is being done and, when it is done, how long it took.
func (d *demo) timed(ctx context.Context, what string, do func() error) error {
	started := time.Now()
	d.out.write(fmt.Sprintf("    %-60s ", what))
	err := do()
	switch {
	case ctx.Err() != nil:
		d.out.line("")
		return context.Cause(ctx)
	case err != nil:
		d.out.line("failed")
		return fmt.Errorf("%s: %w", what, err)
	}
	d.out.line(fmt.Sprintf("%7s", seconds(time.Since(started))))
	return nil
}

func (d *demo) startPlane(ctx context.Context) error {
	var err error
	if d.plane, err = controlplane.Start(ctx, controlplane.Options{Assets: d.assets, ControllerManager: true}); err != nil {
		return err
	}
	if err := os.WriteFile(d.kubeconfig(), d.plane.Kubeconfig(), 0o600); err != nil {
		return err
	}
	d.cluster, err = installation.NewClient(d.plane.Config())
	return err
}

func (d *demo) startCognigy() error {
	var err error
	if d.cognigy, err = simulator.Start(simulator.Options{TLS: true}); err != nil {
		return err
	}
	d.shown = &shown{endpoint: d.cognigy.AddEndpoint("64f0c0ffee00000000000001", "CRM webhook")}
	d.onPremise = &restarting{shown: shown{endpoint: d.cognigy.AddEndpoint("64f0c0ffee00000000000002", "CRM webhook, on-premise")}}
	d.managementPassword = rand.Text()
	return os.WriteFile(d.caFile(), d.cognigy.CABundle(), 0o600)
}

func (d *demo) install(ctx context.Context) error {
	return installation.Apply(ctx, d.plane.Config(), d.manifests)
}

// startOperator gives the operator what a Pod would have: the token of its ServiceAccount, and the Deployment's flags where
// they make sense outside a Pod.
func (d *demo) startOperator(ctx context.Context, lost context.CancelCauseFunc) error {
	kubeconfig, err := d.plane.KubeconfigFor(ctx, installation.Namespace, installation.ServiceAccount)
	if err != nil {
		return err
	}
	file := filepath.Join(d.folder, "operator.kubeconfig")
	if err := os.WriteFile(file, kubeconfig, 0o600); err != nil {
		return err
	}
	probes, err := testbed.FreeAddress(ctx)
	if err != nil {
		return err
	}
	d.operator, err = startProcess(d.manager, d.logFile(),
		"--kubeconfig="+file,
		"--namespace="+installation.Namespace,
		"--leader-elect",
		"--metrics-bind-address=0",
		"--health-probe-bind-address="+probes,
		"--zap-encoder=console", // people read this log, not a collector
	)
	if err != nil {
		return err
	}
	go d.operator.watch(lost)
	return awaitReadyz(ctx, "http://"+probes+"/readyz")
}

// kubeconfig is the file with an administrator's access.
func (d *demo) kubeconfig() string { return filepath.Join(d.folder, "kubeconfig") }

// caFile is the file with what to trust the simulator by.
func (d *demo) caFile() string { return filepath.Join(d.folder, "cognigy-ca.crt") }
