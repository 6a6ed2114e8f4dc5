// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
)

// awaitCredentials waits until the operator has released the credentials Secrets: what it holds back would stay for ever once it is gone.
func (r *removal) awaitCredentials(ctx context.Context) error {
	err := r.awaitNone(ctx, "credentials Secret with the operator's finalizer", r.heldSecrets)
	if apierrors.IsForbidden(err) {
		say(r.plugin.ErrOut, "Not checked: whether the operator has released the credentials Secrets (%s).", err)
		return nil
	}
	return err
}

// awaitNone waits until nothing is left, and shows how much is whenever that changes.
func (r *removal) awaitNone(ctx context.Context, what string, list func(context.Context) ([]string, error)) error {
	var left []string
	shown := -1
	err := wait.PollUntilContextTimeout(ctx, pollInterval, r.options.timeout, true, func(ctx context.Context) (bool, error) {
		found, err := list(ctx)
		if err != nil {
			return false, err
		}
		if left = found; len(left) != shown && len(left) > 0 {
			r.plugin.step("%s left.", count(len(left), what))
		}
		shown = len(left)
		return shown == 0, nil
	})
	switch {
	case err == nil:
		r.plugin.step("No %s is left.", what)
		return nil
	case wait.Interrupted(err) && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s still there after %s: %s. Mend what is named, and run the command again", count(len(left), what), brief(r.options.timeout), condition.Enumerate(left))
	default:
		return err
	}
}

// heldSecrets names the credentials Secrets that have the operator's finalizer.
func (r *removal) heldSecrets(ctx context.Context) (held []string, err error) {
	err = eachSecret(ctx, r.cluster, r.namespace, v1alpha1.SecretTypeCredentials, func(secret *metadataOnly) {
		if controllerutil.ContainsFinalizer(secret, v1alpha1.InUseFinalizer) {
			held = append(held, secret.Namespace+"/"+secret.Name)
		}
	})
	return held, err
}
