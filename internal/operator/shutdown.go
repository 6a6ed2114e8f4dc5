// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// syncedCaches is closed by the manager once its caches have synced, on standbys, too: it starts other runnables after that.
type syncedCaches chan struct{}

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (syncedCaches) NeedLeaderElection() bool { return false }

// Start implements manager.Runnable.
func (s syncedCaches) Start(context.Context) error {
	close(s)
	return nil
}

// run runs a manager until the context ends. One that still waits for its caches does not notice that, and spins (controller-runtime's pull
// request 3440; so in v0.25.2): an operator that lost its permissions would hold up the deletion of its namespace for the whole grace period
// of its Pod. No controller has started by then, so that the process can end at once.
func run(ctx context.Context, mgr manager.Manager) error {
	synced := make(syncedCaches)
	if err := mgr.Add(synced); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case <-synced:
		return <-ended
	default:
		return nil
	}
}
