// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"fmt"
	"strings"

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
)

// The API server's annotations of a request in the audit log: what RBAC decided, and which policies refused it.
const (
	decisionAnnotation = "authorization.k8s.io/decision"
	failureAnnotation  = "validation.policy.admission.k8s.io/validation_failure"
)

// Requests returns the requests of an operator's ServiceAccount in an audit log. The tests' own with its token have another user agent.
func Requests(auditLog, namespace, serviceAccount, userAgent string) (requests []auditv1.Event, err error) {
	events, err := controlplane.ReadAuditLog(auditLog)
	for i := range events {
		operator := events[i].User.Username == "system:serviceaccount:"+namespace+":"+serviceAccount
		if operator && strings.HasPrefix(events[i].UserAgent, userAgent) && events[i].ObjectRef != nil {
			requests = append(requests, events[i])
		}
	}
	return requests, err
}

// Forbidden reports whether RBAC refused a request.
func Forbidden(request *auditv1.Event) bool {
	return request.Annotations[decisionAnnotation] == "forbid"
}

// RefusedByPolicies returns which of the requests the policies of the manifests refused.
func RefusedByPolicies(requests []auditv1.Event) (refused []string) {
	for i := range requests {
		ref, failure := requests[i].ObjectRef, requests[i].Annotations[failureAnnotation]
		if strings.Contains(failure, `"policy":"cognigy-operator-`) {
			refused = append(refused, fmt.Sprintf("%s %s %s/%s: %s", requests[i].Verb, ref.Resource, ref.Namespace, ref.Name, failure))
		}
	}
	return refused
}
