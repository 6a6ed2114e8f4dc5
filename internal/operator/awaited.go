// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// errIsThere ends a manager that was started without something that is there now: the operator then starts another one.
var errIsThere = errors.New("what the operator was started without is there now")

// awaited waits, on standbys, too, for something that the manager was started without.
type awaited struct {
	// announce tells in the log what is not there.
	announce func(context.Context)
	// interval is the time between two looks.
	interval time.Duration
	isThere  func(context.Context) bool
}

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (awaited) NeedLeaderElection() bool { return false }

// Start implements manager.Runnable. It returns errIsThere, or nil when the context ends.
func (a awaited) Start(ctx context.Context) error {
	a.announce(ctx)
	err := wait.PollUntilContextCancel(ctx, a.interval, false, func(ctx context.Context) (bool, error) { return a.isThere(ctx), nil })
	if err != nil { // the operator ends
		return nil //nolint:nilerr // that is no failure
	}
	return errIsThere
}
