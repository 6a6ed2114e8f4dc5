// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// execute carries out the action of a plan, and leaves the objects of the scope as they are after it.
func (r *Reconciler) execute(ctx context.Context, s *scope, next plan.Plan) error {
	switch next.Do {
	case plan.AddFinalizer:
		return r.addFinalizer(ctx, s)
	case plan.Issue:
		return r.issue(ctx, s, next)
	case plan.Record:
		return r.record(ctx, s, next)
	case plan.Repair:
		return r.repair(ctx, s)
	case plan.Revoke:
		return r.revoke(ctx, s, next)
	case plan.Finalize:
		return r.finalize(ctx, s, next.DeleteSecret)
	case plan.Retain:
		return r.retain(ctx, s, next)
	default:
		return fmt.Errorf("there is no action %q", next.Do)
	}
}

// addFinalizer persists the finalizer, which precedes the first POST.
func (r *Reconciler) addFinalizer(ctx context.Context, s *scope) error {
	return r.patch(ctx, s, func(key *v1alpha1.EndpointAPIKey) { controllerutil.AddFinalizer(key, v1alpha1.Finalizer) })
}

// repair writes the Secret without a new value: first what needs nothing from Cognigy and cannot fail, then what templates make.
func (r *Reconciler) repair(ctx context.Context, s *scope) error {
	if repaired, differs := s.repaired(); differs {
		if _, err := r.rewrite(ctx, s, repaired); err != nil {
			return err
		}
		if _, differs := s.repaired(); differs {
			return errSecretMutated("labels, annotations or owner", s.key)
		}
	}
	if err := s.checkType(); err != nil {
		return err
	}
	if delivery.Rendered(s.secret, s.key) || !delivery.Read(s.secret, s.key).Intact { // of an altered value, nothing is to be made
		return nil
	}
	return r.renderAnew(ctx, s)
}

// repaired returns the Secret with the metadata and the data key that the spec wants, and whether they differ from what the Secret has.
func (s *scope) repaired() (repaired *corev1.Secret, differs bool) {
	repaired = delivery.Repair(s.secret, s.key)
	return repaired, !equality.Semantic.DeepEqual(repaired, s.secret)
}

// rewrite writes the Secret with the value that it has, if it is still as it was read, and returns what it holds then.
func (r *Reconciler) rewrite(ctx context.Context, s *scope, secret *corev1.Secret) (plan.Secret, error) {
	if isImmutable(s.secret) && !equality.Semantic.DeepEqual(secret.Data, s.secret.Data) {
		return plan.Secret{}, errImmutable(s.key)
	}
	if err := r.Update(ctx, secret); err != nil {
		return plan.Secret{}, rejected(err, s.key)
	}
	s.setSecret(secret)
	return delivery.Read(secret, s.key), nil
}

// patch changes the resource if it is still as it was read.
func (r *Reconciler) patch(ctx context.Context, s *scope, change func(*v1alpha1.EndpointAPIKey)) error {
	changed, err := kube.Patch(ctx, r.Client, s.key, change)
	if err == nil {
		s.setKey(changed)
	}
	return err
}

// patchStatus changes the status if the resource is still as it was read.
func (r *Reconciler) patchStatus(ctx context.Context, s *scope, status v1alpha1.EndpointAPIKeyStatus) error {
	changed, err := kube.PatchStatus(ctx, r.Client, s.key, func(key *v1alpha1.EndpointAPIKey) { key.Status = status })
	if err == nil {
		s.setKey(changed)
	}
	return err
}
