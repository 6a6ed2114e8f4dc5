// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"fmt"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/cognigy-operator/cognigy-operator/internal/options"
	"github.com/cognigy-operator/cognigy-operator/internal/permissions"
)

// logPermissions logs which permissions the operator lacks, and what does not work without them. Nothing waits for it: whatever is
// permitted works.
func logPermissions(ctx context.Context, config *rest.Config, options *options.Options) {
	log := logf.FromContext(ctx)
	missing, err := missingPermissions(ctx, config, options)
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

func missingPermissions(ctx context.Context, config *rest.Config, options *options.Options) (missing []string, err error) {
	config = rest.CopyConfig(config)
	config.QPS = -1 // the API server's priority and fairness limits the rate
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	found, err := permissions.MissingOwn(ctx, clients.AuthorizationV1(), permissions.Needed(options))
	for _, each := range found {
		missing = append(missing, fmt.Sprintf("%s: without it, %s", each, each.Consequence()))
	}
	return missing, err
}
