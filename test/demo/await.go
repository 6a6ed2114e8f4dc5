// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// patience is how long anything that is waited for may take, on a machine that is busy with other things. The deletion of a resource that
	// was restored waits until no attempt of which its status does not tell any more can have an effect: for about a minute.
	patience = 2 * time.Minute
	pollWait = 50 * time.Millisecond
)

// unmet is something that was expected and did not hold.
type unmet struct{ expected, observed string }

func (u *unmet) Error() string { return "expected " + u.expected + "; observed " + u.observed }

// look reports what is there and whether that is what is waited for. An error is taken for passing.
type look func(context.Context) (observed string, holds bool, err error)

// await looks again and again until it holds, or tells what was seen last.
func await(ctx context.Context, expected string, look look) error {
	last := "nothing yet"
	err := wait.PollUntilContextTimeout(ctx, pollWait, patience, true, func(ctx context.Context) (bool, error) {
		observed, holds, err := look(ctx)
		switch {
		case err == nil:
			last = observed
		case ctx.Err() == nil: // else the error only says that time is up
			last = err.Error()
		}
		return err == nil && holds, nil
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return &unmet{expected, fmt.Sprintf("%s, after %s", last, patience)}
}

// claim is something that a step says, and whether it is true.
type claim struct {
	says     string
	holds    bool
	observed string
}

// claims prints what holds, and returns the first that does not.
func (d *demo) claims(claims ...claim) error {
	for _, c := range claims {
		if !c.holds {
			return &unmet{c.says, c.observed}
		}
		d.out.held(c.says)
	}
	return nil
}

// tail returns the last lines of a text.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
