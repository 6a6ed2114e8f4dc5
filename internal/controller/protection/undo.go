// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package protection

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// undo tells how to take back the deletion of an object that the finalizer keeps. Kubernetes cancels no deletion, but it completes this
// one at once when the finalizer is gone, and the object can be created again then.
func undo(resource string, object metav1.Object) string {
	namespace := ""
	if object.GetNamespace() != "" {
		namespace = " -n " + object.GetNamespace()
	}
	return fmt.Sprintf(`To undo the deletion, which costs no key: kubectl patch %s %s%s --type=merge -p '{"metadata":{"finalizers":null}}'; `+
		"then create the object again as it was", resource, object.GetName(), namespace)
}
