// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// waitForNamespace waits for a namespace that the API server makes by itself after it has become ready.
func waitForNamespace(ctx context.Context, config *rest.Config, name string) error {
	return waitFor(ctx, config, "namespace "+name, func(ctx context.Context, clients kubernetes.Interface) error {
		_, err := clients.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		return err
	})
}

func waitForServiceAccount(ctx context.Context, config *rest.Config, namespace, name string) error {
	return waitFor(ctx, config, "ServiceAccount "+name, func(ctx context.Context, clients kubernetes.Interface) error {
		_, err := clients.CoreV1().ServiceAccounts(namespace).Get(ctx, name, metav1.GetOptions{})
		return err
	})
}

func waitFor(ctx context.Context, config *rest.Config, what string, get func(context.Context, kubernetes.Interface) error) error {
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, startTimeout, true, func(ctx context.Context) (bool, error) {
		last = get(ctx, clients)
		return last == nil, nil
	})
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return errors.Join(fmt.Errorf("waiting for %s: %w", what, err), last)
	}
	return nil
}
