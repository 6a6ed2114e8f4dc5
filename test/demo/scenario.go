// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"
)

// step is a part of the scenario. What it says is checked; the first thing that does not hold ends the scenario, since the steps
// build on each other.
type step struct {
	title string
	play  func(*demo, context.Context) error
}

var steps = []step{
	{"The resource becomes Ready", (*demo).becomesReady},
	{"This is what people see of it", (*demo).isListed},
	{"The Secret holds the key, and the record of its delivery", (*demo).holdsSecret},
	{"The key opens the Endpoint, and nothing else does", (*demo).opensEndpoint},
	{"An on-premise installation: the operator has a super API key made, and keeps it in memory", (*demo).worksOnPremise},
	{"The Secret is deleted, and healed with a new key", (*demo).healsSecret},
	{"The key is rotated, and both work for a while", (*demo).rotates},
	{"The namespace is lost and restored from a backup, and its key goes on to work", (*demo).restoresBackup},
	{"The super API key has expired, and the operator has another one made for a rotation", (*demo).renewsSuperAPIKey},
	{"That rotation restarts the workload, and the replaced key works until the last Pod has the new one", (*demo).restartsWorkload},
	{"The resource is deleted, and no key outlives it", (*demo).isDeleted},
	{"No plaintext has got anywhere but into the Secret", (*demo).leaksNothing},
}

// play plays the steps and, if all of them hold, sums up.
func (d *demo) play(ctx context.Context) error {
	d.up = time.Since(d.begun)
	for i, s := range steps {
		d.out.heading(fmt.Sprintf("[%d/%d] %s", i+1, len(steps), s.title))
		began := time.Now()
		if err := s.play(d, ctx); err != nil {
			return err
		}
		d.held++
		d.out.note("(" + seconds(time.Since(began)) + ")")
	}
	d.sumUp(green)
	return nil
}

// sumUp says in a line how the scenario went, if it had begun.
func (d *demo) sumUp(color string) {
	if d.up == 0 {
		return
	}
	made, live := len(d.cognigy.Ledger()), len(d.cognigy.Live(""))
	d.out.line("\n" + d.out.paint(bold+color, fmt.Sprintf("%d of %d steps held; %d keys made, %d live; %s, of which %s to start.",
		d.held, len(steps), made, live, seconds(time.Since(d.begun)), seconds(d.up))))
}
