// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"fmt"

	client "k8s.io/client-go/kubernetes/typed/authorization/v1"
	"k8s.io/client-go/rest"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/cognigy-operator/cognigy-operator/internal/options"
	"github.com/cognigy-operator/cognigy-operator/internal/permissions"
)

// accessReviews returns the API by which the operator asks what it may do.
func accessReviews(config *rest.Config) (client.AuthorizationV1Interface, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1 // the API server's priority and fairness limits the rate
	return client.NewForConfig(config)
}

// logPermissions logs which permissions the operator lacks, and what does not work without them. Nothing waits for it: whatever is
// permitted works.
func logPermissions(ctx context.Context, api client.AuthorizationV1Interface, options *options.Options) {
	log := logf.FromContext(ctx)
	found, err := permissions.MissingOwn(ctx, api, permissions.Needed(options))
	var missing []string
	for _, each := range found {
		missing = append(missing, fmt.Sprintf("%s: without it, %s", each, each.Consequence()))
	}
	switch {
	case ctx.Err() != nil: // the operator ends
	case err != nil:
		log.Info("cannot find out which permissions the operator lacks", "error", err.Error())
	case len(missing) == 0:
		log.Info("the operator has the permissions that it needs")
	default:
		log.Info("permissions are missing; grant them to the operator's ServiceAccount, as docs/permissions.md says", "missing", missing)
	}
}
