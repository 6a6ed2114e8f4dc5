// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// wantedPermission is a verb on a resource.
type wantedPermission struct{ verb, group, resource, subresource string }

func (w wantedPermission) String() string {
	resource := w.resource
	if w.group != "" {
		resource += "." + w.group
	}
	return w.verb + " " + joined("/", resource, w.subresource)
}

// forUpgrade is what an upgrade writes: for the whole cluster, and in the namespace of the operator.
var forUpgrade, forUpgradeThere = []wantedPermission{
	{"patch", "apiextensions.k8s.io", "customresourcedefinitions", ""},
	{"patch", "rbac.authorization.k8s.io", "clusterroles", ""},
	{"patch", "rbac.authorization.k8s.io", "clusterrolebindings", ""},
}, []wantedPermission{
	{"patch", "apps", "deployments", ""},
	{"patch", "", "serviceaccounts", ""},
	{"patch", "", "services", ""},
	{"patch", "rbac.authorization.k8s.io", "roles", ""},
	{"patch", "rbac.authorization.k8s.io", "rolebindings", ""},
}

// forWork is what the operator needs most.
var forWork = []wantedPermission{
	{"list", v1alpha1.GroupVersion.Group, "endpointapikeys", ""},
	{"patch", v1alpha1.GroupVersion.Group, "endpointapikeys", "status"},
	{"list", v1alpha1.GroupVersion.Group, "cognigyconnections", ""},
	{"patch", v1alpha1.GroupVersion.Group, "cognigyconnections", "status"},
	{"get", "", "secrets", ""},
	{"create", "", "secrets", ""},
	{"patch", "", "secrets", ""},
	{"delete", "", "secrets", ""},
}

// checkPermissions asks the API server what the caller may do for an upgrade, and what the operator may do.
func checkPermissions(ctx context.Context, c *cluster) []result {
	lacking, err := c.lacks(ctx, "", forUpgrade)
	results := []result{permissions("your permissions", lacking, err)}
	deployments, err := c.operators(ctx)
	if err != nil {
		return results
	}
	for i := range deployments {
		namespace := deployments[i].Namespace
		lacking, err := c.lacks(ctx, namespace, forUpgradeThere)
		results = append(results, permissions("your permissions in "+namespace, lacking, err))
		account := "system:serviceaccount:" + namespace + ":" + deployments[i].Spec.Template.Spec.ServiceAccountName
		lacking, err = c.otherLacks(ctx, account, forWork)
		results = append(results, permissions("the operator's permissions", lacking, err))
	}
	return results
}

func permissions(about string, lacking []string, err error) result {
	says := ""
	if len(lacking) > 0 {
		says = "missing: " + strings.Join(lacking, ", ")
	}
	return judge(about, err, says)
}

func (w wantedPermission) in(namespace string) *authorizationv1.ResourceAttributes {
	return &authorizationv1.ResourceAttributes{
		Namespace: namespace, Verb: w.verb, Group: w.group, Resource: w.resource, Subresource: w.subresource,
	}
}

// lacks returns which permissions the caller does not have.
func (c *cluster) lacks(ctx context.Context, namespace string, wanted []wantedPermission) (lacking []string, err error) {
	for _, each := range wanted {
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: each.in(namespace)}}
		if err := understood("create", "", c.client.Create(ctx, review)); err != nil {
			return nil, err
		}
		if !review.Status.Allowed {
			lacking = append(lacking, each.String())
		}
	}
	return lacking, nil
}

// otherLacks returns which permissions someone else does not have, in the whole cluster. Few may ask that.
func (c *cluster) otherLacks(ctx context.Context, user string, wanted []wantedPermission) (lacking []string, err error) {
	for _, each := range wanted {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: user, ResourceAttributes: each.in("")}}
		if err := understood("create", "", c.client.Create(ctx, review)); err != nil {
			return nil, err
		}
		if !review.Status.Allowed {
			lacking = append(lacking, each.String())
		}
	}
	return lacking, nil
}
