// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/suite"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// permission is a verb and a resource, such as "patch cognigy-operator.io/endpointapikeys/status".
type permission string

func permissionFor(verb, group, resource string) permission {
	return permission(strings.TrimSpace(verb + " " + strings.TrimPrefix(group+"/"+resource, "/")))
}

// notRequested are permissions that no request shows: the API server asks for them on another one's account. OwnerReferencesPermissionEnforcement
// does, an admission plugin, when a Secret is to hold up the deletion of its EndpointAPIKey.
var notRequested = []permission{"update cognigy-operator.io/endpointapikeys/finalizers"}

// operatorAgent begins the user agent of each request of the operator's binary.
const operatorAgent = "cognigy-operator/"

// usesItsPermissions checks, when all specs have run, that the operator needs what the manifests permit, and no more, and that their policies
// refuse it nothing.
func usesItsPermissions(bed *testbed.Testbed) {
	requests, err := bed.Requests(operatorAgent)
	Expect(err).NotTo(HaveOccurred())
	Expect(testbed.RefusedByPolicies(requests)).To(BeEmpty())
	granted, used, refused := grantedPermissions(), map[permission]bool{}, map[permission]bool{}
	for i := range requests {
		if asked := requested(&requests[i]); testbed.Forbidden(&requests[i]) {
			refused[asked] = true
		} else {
			used[asked] = true
		}
	}
	Expect(refused).To(BeEmpty(), "permissions that the operator lacks")
	if !suite.Whole() {
		return
	}
	for _, name := range notRequested {
		used[name] = true
	}
	Expect(used).To(Equal(granted))
}

// requested is the permission that a request needs.
func requested(event *auditv1.Event) permission {
	ref, resource := event.ObjectRef, event.ObjectRef.Resource
	if ref.Subresource != "" {
		resource += "/" + ref.Subresource
	}
	return permissionFor(event.Verb, ref.APIGroup, resource)
}

// grantedPermissions are those of the roles that the manifests bind to the operator's ServiceAccount, the optional one for restarts
// among them.
func grantedPermissions() map[permission]bool {
	manifests, err := installation.Read(installation.File())
	Expect(err).NotTo(HaveOccurred())
	restart, err := installation.Read(filepath.Join(filepath.Dir(installation.File()), "..", "config", "rollout", "restart_role.yaml"))
	Expect(err).NotTo(HaveOccurred())
	objects := append(manifests, restart...)
	bound, granted := boundRoles(objects), map[permission]bool{}
	for _, object := range objects {
		if !slices.Contains(bound, object.GetKind()+"/"+object.GetName()) {
			continue
		}
		role := &rbacv1.ClusterRole{}
		Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, role)).To(Succeed())
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
	Expect(granted).NotTo(BeEmpty())
	return granted
}

// boundRoles are the roles that manifests bind to the operator's ServiceAccount, by kind and name.
func boundRoles(objects []*unstructured.Unstructured) (roles []string) {
	for _, object := range objects {
		if object.GetKind() != "ClusterRoleBinding" && object.GetKind() != "RoleBinding" {
			continue
		}
		binding := &rbacv1.ClusterRoleBinding{}
		Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, binding)).To(Succeed())
		for _, subject := range binding.Subjects {
			if subject.Namespace == installation.Namespace && subject.Name == installation.ServiceAccount {
				roles = append(roles, binding.RoleRef.Kind+"/"+binding.RoleRef.Name)
			}
		}
	}
	return roles
}
