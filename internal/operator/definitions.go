// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

// definitionsInterval is the time between two looks at the CustomResourceDefinitions: they may be applied after the operator has started,
// or replaced by those of an earlier version.
const definitionsInterval = 10 * time.Minute

// definitions says in the log which fields the API server drops, since its CustomResourceDefinitions are older than the operator.
type definitions struct {
	version string
	// missing returns the fields that the API server does not know.
	missing func() ([]string, error)
}

// newDefinitions returns what looks at the definitions of an API server.
func newDefinitions(config *rest.Config, version string) (*definitions, error) {
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	return &definitions{version: version, missing: func() ([]string, error) { return missingFields(client.OpenAPIV3()) }}, nil
}

// NeedLeaderElection implements manager.LeaderElectionRunnable. During an upgrade, the new operator waits for the old one: it says before
// it leads what it lacks.
func (*definitions) NeedLeaderElection() bool { return false }

// Start implements manager.Runnable.
func (d *definitions) Start(ctx context.Context) error {
	var before []string
	_ = wait.PollUntilContextCancel(ctx, definitionsInterval, true, func(ctx context.Context) (bool, error) {
		before = d.compare(ctx, before)
		return false, nil
	})
	return nil
}

// compare looks once, and returns what is missing. An API server that does not tell is none that lacks anything.
func (d *definitions) compare(ctx context.Context, before []string) []string {
	log := logf.FromContext(ctx).WithValues("version", d.version)
	missing, err := d.missing()
	switch {
	case err != nil:
		log.V(1).Info("cannot compare the CustomResourceDefinitions with this version", "error", err.Error())
		return before
	case len(missing) > 0:
		log.Info("the CustomResourceDefinitions are older than the operator, so that the API server drops fields; apply those of this version",
			"missing", missing)
	case len(before) > 0:
		log.Info("the CustomResourceDefinitions have all fields of this version now")
	}
	return slices.Clip(missing)
}
