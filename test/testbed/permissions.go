// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
)

// Permission is a verb and a resource, such as "patch cognigy-operator.io/endpointapikeys/status".
type Permission string

// NotRequested are permissions that no request shows: the API server asks for them on another one's account. OwnerReferencesPermissionEnforcement
// does, an admission plugin, when a Secret is to hold up the deletion of its EndpointAPIKey.
var NotRequested = []Permission{"update cognigy-operator.io/endpointapikeys/finalizers"}

func permissionFor(verb, group, resource string) Permission {
	return Permission(strings.TrimSpace(verb + " " + strings.TrimPrefix(group+"/"+resource, "/")))
}

// PermissionOf is the permission that a request needs.
func PermissionOf(request *auditv1.Event) Permission {
	ref, resource := request.ObjectRef, request.ObjectRef.Resource
	if ref.Subresource != "" {
		resource += "/" + ref.Subresource
	}
	return permissionFor(request.Verb, ref.APIGroup, resource)
}

// Granted are the permissions of those roles among manifests that these bind to a ServiceAccount.
func Granted(manifests []*unstructured.Unstructured, namespace, serviceAccount string) (map[Permission]bool, error) {
	bound, err := boundRoles(manifests, namespace, serviceAccount)
	granted := map[Permission]bool{}
	for _, object := range manifests {
		if !slices.Contains(bound, object.GetKind()+"/"+object.GetName()) {
			continue
		}
		role := &rbacv1.ClusterRole{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, role); err != nil {
			return nil, err
		}
		for _, rule := range role.Rules {
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					for _, verb := range rule.Verbs {
						granted[permissionFor(verb, group, resource)] = true
					}
				}
			}
		}
	}
	return granted, err
}

// boundRoles are the roles that manifests bind to a ServiceAccount, by kind and name.
func boundRoles(manifests []*unstructured.Unstructured, namespace, serviceAccount string) (roles []string, err error) {
	for _, object := range manifests {
		if object.GetKind() != "ClusterRoleBinding" && object.GetKind() != "RoleBinding" {
			continue
		}
		binding := &rbacv1.ClusterRoleBinding{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, binding); err != nil {
			return nil, err
		}
		for _, subject := range binding.Subjects {
			if subject.Namespace == namespace && subject.Name == serviceAccount {
				roles = append(roles, binding.RoleRef.Kind+"/"+binding.RoleRef.Name)
			}
		}
	}
	return roles, nil
}
