// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// unresolved says why the operator issues no key for the Endpoint that a resource names. The ids of Endpoints are for those who may have a
// key for each of the project.
func (r *Reconciler) unresolved(ctx context.Context, s *scope, project *connection.Project) error {
	reference := s.key.Spec.Endpoint
	mayList, err := r.mayList(ctx, s)
	switch meant := project.Named(reference.Name); {
	case err != nil:
		return err
	case s.endpointID != "":
		return condition.Stalled(v1alpha1.ReasonEndpointChanged, "no key of this resource is on Endpoint %q, which its Secret or its status "+
			"names, and the name %q means %s now; the operator issues a key for neither. To have one for the Endpoint that has the name, create "+
			"another EndpointAPIKey, and delete this one; or give the name back to the Endpoint in Cognigy", s.endpointID, reference.Name,
			meaning(meant, mayList))
	case !mayList:
		return connection.NotGranted(s.connection, s.key.Namespace, connection.EndpointOf(s.key, ""))
	case len(meant) > 1:
		return condition.Stalled(v1alpha1.ReasonEndpointAmbiguous, "%d Endpoints of project %q have the name %q; rename all but one in Cognigy, or "+
			"create another EndpointAPIKey with the endpoint.id of the right one: %s", len(meant), reference.ProjectID, reference.Name,
			condition.Enumerate(meant))
	default:
		return condition.Stalled(v1alpha1.ReasonEndpointNotFound, "no Endpoint that the user of the connection sees in project %q has exactly the "+
			"name %q; create it in Cognigy, give that user access to the project, or create another EndpointAPIKey%s",
			reference.ProjectID, reference.Name, resembling(project.Resembling(reference.Name)))
	}
}

func (r *Reconciler) mayList(ctx context.Context, s *scope) (bool, error) {
	return connection.MayList(ctx, r.Client, s.connection, s.key.Namespace, string(s.key.Spec.Endpoint.ProjectID))
}

// resembling names Endpoints that may be meant.
func resembling(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return "; names that differ in upper and lower case or white space have: " + condition.Enumerate(ids)
}

// meaning says what a name means.
func meaning(meant []string, mayList bool) string {
	switch {
	case len(meant) == 0:
		return "no Endpoint of its project"
	case !mayList:
		return "another Endpoint"
	case len(meant) == 1:
		return fmt.Sprintf("Endpoint %q", meant[0])
	default:
		return fmt.Sprintf("%d Endpoints (%s)", len(meant), condition.Enumerate(meant))
	}
}

// reportName sets the condition EndpointChanged if the name does not mean the resource's Endpoint any more. What an earlier process reported
// stays until this one has a list.
func (r *Reconciler) reportName(ctx context.Context, s *scope, status *v1alpha1.EndpointAPIKeyStatus) error {
	session := r.knownSession(s)
	if !s.byName() || status.EndpointID == "" || session == nil {
		return nil
	}
	reference := s.key.Spec.Endpoint
	project := session.KnownProject(string(reference.ProjectID))
	if project == nil {
		return nil
	}
	meant := project.Named(reference.Name)
	if len(meant) == 1 && meant[0] == status.EndpointID {
		meta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionEndpointChanged)
		return nil
	}
	mayList, err := r.mayList(ctx, s)
	if err != nil {
		return err
	}
	reason := v1alpha1.ReasonEndpointChanged
	switch {
	case len(meant) == 0:
		reason = v1alpha1.ReasonEndpointNotFound
	case len(meant) > 1:
		reason = v1alpha1.ReasonEndpointAmbiguous
	}
	meta.SetStatusCondition(&status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionEndpointChanged, Status: metav1.ConditionTrue, Reason: reason,
		ObservedGeneration: s.key.Generation, LastTransitionTime: metav1.NewTime(r.Clock.Now()),
		Message: fmt.Sprintf("the keys of this resource are for Endpoint %q, while the name %q means %s now. The operator stays with the Endpoint; "+
			"to follow the name, create another EndpointAPIKey, and delete this one", status.EndpointID, reference.Name, meaning(meant, mayList)),
	})
	return nil
}

// endpoint names the resource's Endpoint for a person.
func (s *scope) endpoint() string {
	if s.endpointID != "" {
		return "Endpoint " + s.endpointID
	}
	return connection.EndpointOf(s.key, "").String()
}
