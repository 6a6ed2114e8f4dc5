// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// servedInterval is the time between two looks for a kind that the API server does not serve.
const servedInterval = 2 * time.Second

// errKeysServed ends a manager that was started without EndpointAPIKeys.
var errKeysServed = errors.New("the API server serves EndpointAPIKeys now")

// listKeys fails if the API server does not serve EndpointAPIKeys.
func listKeys(ctx context.Context, reader client.Reader) error {
	return reader.List(ctx, &v1alpha1.EndpointAPIKeyList{}, client.Limit(1))
}

// keysAwaited waits, on standbys, too, until the API server serves EndpointAPIKeys.
type keysAwaited struct{ reader client.Reader }

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (keysAwaited) NeedLeaderElection() bool { return false }

// Start implements manager.Runnable. It returns errKeysServed, or nil when the context ends.
func (k keysAwaited) Start(ctx context.Context) error {
	logf.FromContext(ctx).Info("the API server does not serve EndpointAPIKeys, so that the operator only reports on connections, and " +
		"releases those that are being deleted; apply the operator's CustomResourceDefinitions. It begins when they are served")
	err := wait.PollUntilContextCancel(ctx, servedInterval, false, func(ctx context.Context) (bool, error) {
		return listKeys(ctx, k.reader) == nil, nil
	})
	if err != nil { // the operator ends
		return nil //nolint:nilerr // that is no failure
	}
	return errKeysServed
}
