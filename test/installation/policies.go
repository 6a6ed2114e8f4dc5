// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"errors"
	"fmt"
	"path/filepath"
	goruntime "runtime"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TenantPolicies reads the policies of config/policies, under names with a suffix, and binds them to the namespaces that have a label: tests
// side by side do not share policies.
func TenantPolicies(suffix, label, value string) ([]*unstructured.Unstructured, error) {
	_, here, _, _ := goruntime.Caller(0)
	folder := filepath.Join(filepath.Dir(here), "..", "..", "config", "policies")
	var policies []*unstructured.Unstructured
	for _, file := range []string{"tenant_limits.yaml", "deletion_protection.yaml"} {
		objects, err := Read(filepath.Join(folder, file))
		if err != nil {
			return nil, err
		}
		policies = append(policies, objects...)
	}
	for _, object := range policies {
		object.SetName(object.GetName() + suffix)
		if object.GetKind() != "ValidatingAdmissionPolicyBinding" {
			continue
		}
		policy, _, _ := unstructured.NestedString(object.Object, "spec", "policyName")
		err := errors.Join(
			unstructured.SetNestedField(object.Object, policy+suffix, "spec", "policyName"),
			unstructured.SetNestedField(object.Object, value, "spec", "matchResources", "namespaceSelector", "matchLabels", label),
		)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", object.GetName(), err)
		}
	}
	return policies, nil
}
