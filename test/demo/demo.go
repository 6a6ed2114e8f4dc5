// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// demo is one run. What has been started is set, and stop stops it.
type demo struct {
	settings
	out *output

	folder   string // temporary: kubeconfigs, the simulator's CA and the operator's log
	plane    *controlplane.ControlPlane
	cognigy  *simulator.Simulator
	operator *process

	cluster client.Client // as administrator
	samples samples

	*shown                         // the EndpointAPIKey that a step is about
	onPremise          *restarting // the one of the on-premise connection
	managementPassword string

	begun time.Time     // when the demo began
	up    time.Duration // how long it took until the scenario could begin; zero before
	held  int           // how many steps held
}

// shown is an EndpointAPIKey.
type shown struct {
	name     types.NamespacedName
	endpoint simulator.Endpoint
	keys     []delivered // every key that was found in the Secret, in order
}

// restarting is an EndpointAPIKey that restarts a workload, whose Pods are callers.
type restarting struct {
	shown
	callers     *fixtures.Callers
	stopCallers func()
}

// about returns the demo with another EndpointAPIKey that its steps are about.
func (d *demo) about(other *shown) *demo {
	same := *d
	same.shown = other
	return &same
}

// run starts everything, plays the scenario, stays up if wanted, and stops everything, however it ends.
func (d *demo) run(ctx context.Context) error {
	d.begun = time.Now()
	err := d.perform(ctx)
	// A signal ends whatever was under way, each with an error of its own; none of them matters to the user.
	if err != nil && ctx.Err() != nil {
		err = errInterrupted
	}
	switch {
	case errors.Is(err, errInterrupted):
		d.out.line("\nInterrupted.")
	case err != nil:
		d.out.failure(err)
		d.sumUp(red)
		d.showLog()
	}
	return errors.Join(err, d.stop())
}

func (d *demo) perform(signalled context.Context) error {
	// Nothing goes on when the operator ends by itself: the context ends, too, and its cause says why.
	ctx, cancel := context.WithCancelCause(signalled)
	defer cancel(nil)
	if err := d.start(ctx, cancel); err != nil {
		return causeOf(ctx, err)
	}
	if err := d.play(ctx); err != nil {
		return causeOf(ctx, err)
	}
	if d.once {
		return nil
	}
	err := d.stayUp(ctx)
	if signalled.Err() != nil {
		return nil // Ctrl-C is how this is meant to end
	}
	return causeOf(ctx, err)
}

// causeOf prefers why a context ended to what came of it.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// stop stops the operator first, since it would complain about the others' absence. It is bounded without a context:
// whatever ended the scenario must not end the cleaning up.
func (d *demo) stop() error {
	if d.folder == "" {
		return nil
	}
	started := time.Now()
	d.out.line("")
	d.out.write("Stopping the operator, the simulator and the control plane ... ")
	var errs []error
	if d.onPremise != nil && d.onPremise.stopCallers != nil {
		d.onPremise.stopCallers()
	}
	if d.operator != nil {
		errs = append(errs, d.operator.stop())
	}
	if d.cognigy != nil {
		d.cognigy.Close()
	}
	if d.plane != nil {
		errs = append(errs, d.plane.Stop())
	}
	errs = append(errs, os.RemoveAll(d.folder))
	err := errors.Join(errs...)
	if err != nil {
		d.out.line("failed")
		d.out.failure(err)
		return err
	}
	d.out.line("done (" + seconds(time.Since(started)) + ")")
	if d.log != "" && d.operator != nil {
		d.out.line("The operator's log is in " + d.log)
	}
	return nil
}

// logFile is where the operator logs to.
func (d *demo) logFile() string {
	if d.log != "" {
		return d.log
	}
	return filepath.Join(d.folder, "operator.log")
}

// showLog prints the end of the operator's log, which is gone after stop.
func (d *demo) showLog() {
	if d.operator == nil {
		return
	}
	const lines = 25
	text, err := os.ReadFile(d.logFile())
	if err != nil {
		d.out.line("The operator's log cannot be read: " + err.Error())
		return
	}
	d.out.heading("The last lines of the operator's log (--log FILE keeps all of it):")
	d.out.line(cmp.Or(tail(string(text), lines), "(it is empty)"))
}
