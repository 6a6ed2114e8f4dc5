// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/cognigy-operator/cognigy-operator/internal/permissions"
)

// forUpgrade is what an upgrade writes in the whole cluster.
var forUpgrade = []permissions.Permission{
	{Verb: "patch", Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"},
	{Verb: "patch", Group: "rbac.authorization.k8s.io", Resource: "clusterroles"},
	{Verb: "patch", Group: "rbac.authorization.k8s.io", Resource: "clusterrolebindings"},
}

// forUpgradeIn is what an upgrade writes in the namespace of the operator.
func forUpgradeIn(namespace string) []permissions.Permission {
	return []permissions.Permission{
		{Namespace: namespace, Verb: "patch", Group: "apps", Resource: "deployments"},
		{Namespace: namespace, Verb: "patch", Resource: "serviceaccounts"},
		{Namespace: namespace, Verb: "patch", Resource: "services"},
		{Namespace: namespace, Verb: "patch", Group: "rbac.authorization.k8s.io", Resource: "roles"},
		{Namespace: namespace, Verb: "patch", Group: "rbac.authorization.k8s.io", Resource: "rolebindings"},
	}
}

// checkPermissions asks the API server what the caller may do for an upgrade, and what the operator may do.
func checkPermissions(ctx context.Context, c *cluster) []result {
	lacking, err := permissions.Missing(ctx, forUpgrade, c.allowsMe)
	results := []result{permissionsResult("your permissions", lacking, err)}
	deployments, err := c.operators(ctx)
	if err != nil {
		return results
	}
	for i := range deployments {
		namespace := deployments[i].Namespace
		lacking, err := permissions.Missing(ctx, forUpgradeIn(namespace), c.allowsMe)
		results = append(results, permissionsResult("your permissions in "+namespace, lacking, err))
		lacking, err = c.operatorLacks(ctx, &deployments[i])
		results = append(results, permissionsResult("the permissions of the operator in "+namespace, lacking, err))
	}
	return results
}

func permissionsResult(about string, lacking []permissions.Permission, err error) result {
	says := ""
	for _, each := range lacking {
		says += ", " + each.String()
		if consequence := each.Consequence(); consequence != "" {
			says += fmt.Sprintf(" (without it, %s)", consequence)
		}
	}
	if says != "" {
		says = "missing: " + strings.TrimPrefix(says, ", ")
	}
	return judge(about, err, says)
}

// operatorLacks returns which permissions an operator does not have that it needs with its settings. Few may ask that.
func (c *cluster) operatorLacks(ctx context.Context, deployment *appsv1.Deployment) ([]permissions.Permission, error) {
	settings, err := settingsOf(deployment)
	if err != nil {
		return nil, err
	}
	account := "system:serviceaccount:" + deployment.Namespace + ":" + deployment.Spec.Template.Spec.ServiceAccountName
	return permissions.Missing(ctx, permissions.Needed(settings), func(ctx context.Context, each permissions.Permission) (bool, error) {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: account, ResourceAttributes: each.Attributes(),
			Groups: []string{"system:authenticated", "system:serviceaccounts", "system:serviceaccounts:" + deployment.Namespace},
		}}
		err := understood("create", "", c.client.Create(ctx, review))
		return review.Status.Allowed, err
	})
}

func (c *cluster) allowsMe(ctx context.Context, each permissions.Permission) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: each.Attributes()}}
	err := understood("create", "", c.client.Create(ctx, review))
	return review.Status.Allowed, err
}
