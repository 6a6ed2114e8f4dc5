// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// servedInterval is the time between two looks for a kind that the API server does not serve.
const servedInterval = 2 * time.Second

// listKeys fails if the API server does not serve EndpointAPIKeys.
func listKeys(ctx context.Context, reader client.Reader) error {
	return reader.List(ctx, &v1alpha1.EndpointAPIKeyList{}, client.Limit(1))
}

// keysAwaited waits until the API server serves EndpointAPIKeys.
func keysAwaited(reader client.Reader) awaited {
	return awaited{
		announce: func(ctx context.Context) {
			logf.FromContext(ctx).Info("the API server does not serve EndpointAPIKeys, so that the operator only reports on connections, and " +
				"releases those that are being deleted; apply the operator's CustomResourceDefinitions. It begins when they are served")
		},
		interval: servedInterval,
		isThere:  func(ctx context.Context) bool { return listKeys(ctx, reader) == nil },
	}
}
