// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package permissions knows what the operator has to be permitted, by the roles of the manifests, and finds out what is missing.
package permissions

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

// Permission is a verb on a resource.
type Permission struct {
	Namespace                          string // "" is the whole cluster
	Verb, Group, Resource, Subresource string
}

// String names the permission as roles do.
func (p Permission) String() string {
	text := p.Verb + " " + p.Resource
	if p.Group != "" {
		text += "." + p.Group
	}
	if p.Subresource != "" {
		text += "/" + p.Subresource
	}
	if p.Namespace != "" {
		text += fmt.Sprintf(" in namespace %q", p.Namespace)
	}
	return text
}

// Attributes are what a review of access asks for.
func (p Permission) Attributes() *authorizationv1.ResourceAttributes {
	return &authorizationv1.ResourceAttributes{
		Namespace: p.Namespace, Verb: p.Verb, Group: p.Group, Resource: p.Resource, Subresource: p.Subresource,
	}
}

// isIn reports whether rules that the API server lists show the permission. Where they do not, only a review of access can tell.
func (p Permission) isIn(rules []authorizationv1.ResourceRule) bool {
	resource := p.Resource
	if p.Subresource != "" {
		resource += "/" + p.Subresource
	}
	has := func(all []string, wanted string) bool {
		return slices.Contains(all, wanted) || slices.Contains(all, rbacv1.VerbAll)
	}
	return slices.ContainsFunc(rules, func(rule authorizationv1.ResourceRule) bool {
		return len(rule.ResourceNames) == 0 && has(rule.Verbs, p.Verb) && has(rule.APIGroups, p.Group) && has(rule.Resources, resource)
	})
}

// of returns what a role of the manifests permits, for the whole cluster.
func of(manifest []byte) (permitted []Permission) {
	role := &rbacv1.Role{}
	if err := yaml.UnmarshalStrict(manifest, role); err != nil {
		panic(err) // a file of this program is malformed
	}
	for _, rule := range role.Rules {
		for _, group := range rule.APIGroups {
			for _, named := range rule.Resources {
				resource, subresource, _ := strings.Cut(named, "/")
				for _, verb := range rule.Verbs {
					permitted = append(permitted, Permission{Verb: verb, Group: group, Resource: resource, Subresource: subresource})
				}
			}
		}
	}
	return permitted
}

// in returns the same permissions in a namespace.
func in(namespace string, permitted []Permission) []Permission {
	permitted = slices.Clone(permitted)
	for i := range permitted {
		permitted[i].Namespace = namespace
	}
	return permitted
}

func compare(a, b Permission) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource),
		cmp.Compare(a.Subresource, b.Subresource), cmp.Compare(a.Verb, b.Verb))
}
