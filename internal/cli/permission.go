// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"regexp"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// explained is an error of the API server in words that say what to do.
type explained struct {
	words string
	err   error
}

// Error implements error.
func (e *explained) Error() string { return e.words }

// Unwrap has apierrors recognise the error.
func (e *explained) Unwrap() error { return e.err }

// understood puts an error of the API server into words. "" stands for all namespaces, and for what has none.
func understood(verb, namespace string, err error) error {
	switch {
	case err == nil:
		return nil
	case apierrors.IsForbidden(err):
		return &explained{forbidden(verb, namespace, err), err}
	case apierrors.IsUnauthorized(err):
		return &explained{"the API server does not know you: log in again, or choose another --context or --user", err}
	case meta.IsNoMatchError(err):
		return &explained{"this cluster does not serve the operator's kinds: install the operator there, or choose another --context", err}
	case apierrors.IsNotFound(err):
		return &explained{missing(namespace, err), err}
	default:
		return err
	}
}

// user is whom the API server names in a refusal.
var user = regexp.MustCompile("^.* User \"([^\"]+)\" cannot ")

// forbidden names the permission that is missing: who, which verb, of which resource, and where.
func forbidden(verb, namespace string, err error) string {
	who := "you"
	if found := user.FindStringSubmatch(err.Error()); found != nil {
		who = fmt.Sprintf("user %q", found[1])
	}
	resource, place := resourceOf(err), ""
	if namespace != "" {
		place = fmt.Sprintf(" in namespace %q", namespace)
	} else if verb == "list" {
		place = " in all namespaces"
	}
	return fmt.Sprintf("permission missing: %s may not %s %s%s%s", who, verb, resource, place, roleFor(verb, resource))
}

// resourceOf is the resource that an error is about, as roles name it with its group.
func resourceOf(err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil || status.Status().Details.Kind == "" {
		return "the resource"
	}
	details := status.Status().Details
	if details.Group == "" {
		return details.Kind
	}
	return details.Kind + "." + details.Group
}

// roleFor says which of the usual roles has a permission on the operator's kinds.
func roleFor(verb, resource string) string {
	switch resource {
	case "endpointapikeys." + v1alpha1.GroupVersion.Group, "cognigyconnections." + v1alpha1.GroupVersion.Group:
	default:
		return ""
	}
	if verb == "get" || verb == "list" {
		return "; the ClusterRole view has that permission"
	}
	return "; the ClusterRole edit has that permission"
}

func missing(namespace string, err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil || status.Status().Details.Name == "" {
		return err.Error()
	}
	place := ""
	if namespace != "" {
		place = fmt.Sprintf(" in namespace %q", namespace)
	}
	return fmt.Sprintf("there is no %s %q%s", singular(resourceOf(err)), status.Status().Details.Name, place)
}

// singular is the kind of one of the operator's resources.
func singular(resource string) string {
	group := "." + v1alpha1.GroupVersion.Group
	switch resource {
	case "endpointapikeys" + group:
		return "EndpointAPIKey"
	case "cognigyconnections" + group:
		return string(v1alpha1.ConnectionKindNamespaced)
	case "clustercognigyconnections" + group:
		return string(v1alpha1.ConnectionKindCluster)
	default:
		return resource
	}
}
