// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package permissions

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	client "k8s.io/client-go/kubernetes/typed/authorization/v1"
)

// reviews is how many reviews the API server is asked for at a time.
const reviews = 8

// Missing returns which permissions are not allowed, in their order.
func Missing(
	ctx context.Context, wanted []Permission, allowed func(context.Context, Permission) (bool, error),
) (missing []Permission, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(reviews)
	granted := make([]bool, len(wanted))
	for i, each := range wanted {
		group.Go(func() (err error) {
			granted[i], err = allowed(ctx, each)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, each := range wanted {
		if !granted[i] {
			missing = append(missing, each)
		}
	}
	return missing, nil
}

// MissingOwn returns which permissions the caller of the API server lacks. It asks for all rules of a namespace at once, and for a permission
// by itself only where these do not show it.
func MissingOwn(ctx context.Context, api client.AuthorizationV1Interface, wanted []Permission) ([]Permission, error) {
	rules := map[string]func() []authorizationv1.ResourceRule{}
	for _, each := range wanted {
		if each.Namespace == "" || rules[each.Namespace] != nil {
			continue
		}
		rules[each.Namespace] = sync.OnceValue(func() []authorizationv1.ResourceRule {
			review := &authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: each.Namespace}}
			review, err := api.SelfSubjectRulesReviews().Create(ctx, review, metav1.CreateOptions{})
			if err != nil {
				return nil // each permission is asked for then
			}
			return review.Status.ResourceRules
		})
	}
	return Missing(ctx, wanted, func(ctx context.Context, each Permission) (bool, error) {
		if known := rules[each.Namespace]; known != nil && each.isIn(known()) {
			return true, nil
		}
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: each.Attributes()}}
		review, err := api.SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		if err != nil {
			return false, err
		}
		return review.Status.Allowed, nil
	})
}
