// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

// identityInterval is the time between two tries to read the identity of the cluster.
const identityInterval = 2 * time.Second

// identify returns the identity of the cluster in the names of keys: the given one or else, by convention, the UID of the namespace
// kube-system. It waits for an API server that does not answer. An error that advised another identity then would have the operator
// issue every key anew.
func identify(ctx context.Context, config *rest.Config, given string) (string, error) {
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return "", err
	}
	var system *corev1.Namespace
	err = wait.PollUntilContextCancel(ctx, identityInterval, true, func(ctx context.Context) (answered bool, err error) {
		system, err = clients.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
		if err == nil || apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
			return true, err
		}
		logf.FromContext(ctx).Info("waiting for the API server, to read the identity of the cluster", "error", err.Error())
		return false, nil
	})
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case given != "":
		return given, nil
	case err != nil:
		return "", fmt.Errorf("cannot read the UID of the namespace kube-system, which identifies the cluster. Permit that. "+
			"With --cluster-id instead, the operator does not find the keys that it issued before: %w", err)
	}
	return string(system.UID), nil
}
