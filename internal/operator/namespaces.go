// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	client "k8s.io/client-go/kubernetes/typed/authorization/v1"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/permissions"
)

// permittedInterval is the time between two looks for permissions in namespaces that the operator left out.
const permittedInterval = 10 * time.Second

// splitNamespaces tells namespaces that the operator may watch from others. A cache that cannot read one namespace never syncs, so that
// one namespace that was deleted, and its Role with it, would keep the operator from working in all of them.
func splitNamespaces(ctx context.Context, api client.AuthorizationV1Interface, wanted []string) (permitted, others []string, err error) {
	var needed []permissions.Permission
	for _, namespace := range wanted {
		for _, verb := range []string{"list", "watch"} {
			needed = append(needed,
				permissions.Permission{Namespace: namespace, Verb: verb, Group: v1alpha1.GroupVersion.Group, Resource: "endpointapikeys"},
				permissions.Permission{Namespace: namespace, Verb: verb, Group: v1alpha1.GroupVersion.Group, Resource: "cognigyconnections"},
				permissions.Permission{Namespace: namespace, Verb: verb, Group: corev1.GroupName, Resource: "secrets"},
			)
		}
	}
	missing, err := permissions.MissingOwn(ctx, api, needed)
	if err != nil {
		return nil, nil, err
	}
	for _, namespace := range wanted {
		if slices.ContainsFunc(missing, func(each permissions.Permission) bool { return each.Namespace == namespace }) {
			others = append(others, namespace)
		} else {
			permitted = append(permitted, namespace)
		}
	}
	return permitted, others, nil
}

// limitToPermitted has the operator watch only those of its namespaces that it may watch, and start anew when it may watch another. Where
// it may watch none, it waits for all: to name no namespace would mean to watch every one.
func (s *shared) limitToPermitted(ctx context.Context) []manager.Runnable {
	permitted, others, err := splitNamespaces(ctx, s.reviews, s.options.WatchNamespaces)
	if err != nil {
		logf.FromContext(ctx).Info("cannot find out which namespaces the operator may watch, and waits for all", "error", err.Error())
		return nil
	}
	if len(permitted) == 0 || len(others) == 0 {
		return nil
	}
	limited := *s.options
	limited.WatchNamespaces = permitted
	s.options = &limited
	return []manager.Runnable{namespacesAwaited(s.reviews, others)}
}

// namespacesAwaited waits until the operator may watch one of some namespaces.
func namespacesAwaited(api client.AuthorizationV1Interface, namespaces []string) awaited {
	return awaited{
		announce: func(ctx context.Context) {
			logf.FromContext(ctx).Info("the operator has no permission to watch some of its namespaces, and works in the others; if they exist, grant it "+
				"its Role there, and if not, take them out of --watch-namespaces", "namespaces", namespaces)
		},
		interval: permittedInterval,
		isThere: func(ctx context.Context) bool {
			permitted, _, err := splitNamespaces(ctx, api, namespaces)
			return err == nil && len(permitted) > 0
		},
	}
}
