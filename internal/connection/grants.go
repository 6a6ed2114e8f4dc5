// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// Endpoint is the Endpoint that a permission is asked for.
type Endpoint struct {
	ID string // "" while its name is not resolved
	// ProjectID and Name are those of a resource that names its Endpoint, else "". Then this project alone counts.
	ProjectID, Name string
}

// EndpointOf returns the Endpoint of a resource, with the id that it was found to have; "" if it was not.
func EndpointOf(key *v1alpha1.EndpointAPIKey, id string) Endpoint {
	return Endpoint{ID: id, ProjectID: string(key.Spec.Endpoint.ProjectID), Name: key.Spec.Endpoint.Name}
}

// ReportedEndpoint returns the Endpoint of a resource as far as the resource itself tells. Of one that names its Endpoint, the id is what its
// status says, which anyone who may write that may have forged.
func ReportedEndpoint(key *v1alpha1.EndpointAPIKey) Endpoint {
	if !key.Spec.Endpoint.ByName() {
		return EndpointOf(key, key.Spec.Endpoint.ID)
	}
	id := key.Status.EndpointID
	if intent := key.Status.Issuance; intent != nil {
		id = cmp.Or(intent.EndpointID, id)
	}
	if !cognigy.ValidID(id) {
		id = ""
	}
	return EndpointOf(key, id)
}

// String is for messages to whoever wrote the resource: it has what that says.
func (e Endpoint) String() string {
	if e.Name != "" {
		return fmt.Sprintf("an Endpoint %q of project %q", e.Name, e.ProjectID)
	}
	return fmt.Sprintf("Endpoint %q", e.ID)
}

// Shows reports whether a list of a project's Endpoints shows one of them. Its error is ErrUndecided if there is no list that tells.
type Shows func(projectID, endpointID string) (bool, error)

// ErrUndecided says that only a list of a project's Endpoints tells whether a grant opens an Endpoint, or which one a name means.
var ErrUndecided = errors.New("no list tells yet which Endpoints are in the granted projects")

// Unknown is Shows without any list.
func Unknown(string, string) (bool, error) { return false, ErrUndecided }

// knownProjects is Shows with the lists that this process remembers. What an old one does not show may have been created since.
func (r *Resolver) knownProjects(found v1alpha1.Connection) Shows {
	return func(projectID, endpointID string) (bool, error) {
		session := r.Known(found)
		if session == nil {
			return false, ErrUndecided
		}
		known := session.KnownProject(projectID)
		if known.shows(endpointID) {
			return true, nil
		}
		if known == nil || r.Clock.Now().Sub(known.At) > ProjectAge {
			return false, ErrUndecided
		}
		return false, nil
	}
}

// ListedProjects is Shows with lists that list returns.
func ListedProjects(list func(projectID string) (*Project, error)) Shows {
	return func(projectID, endpointID string) (bool, error) {
		listed, err := list(projectID)
		return listed.shows(endpointID), err
	}
}

// grants reports whether an Endpoint is granted to a namespace. Without a single grant, every Endpoint is. Ids cost no list, so that they
// come first. A list that fails is the answer only if no other one shows the Endpoint.
func grants(
	all []v1alpha1.Grant, endpoint Endpoint, matches func(v1alpha1.AllowedNamespaces) (bool, error), shows Shows,
) (granted bool, failure error) {
	if len(all) == 0 {
		return true, nil
	}
	var projects []string
	for _, grant := range all {
		granted := slices.Contains(grant.Endpoints.IDs, v1alpha1.EndpointID(endpoint.ID))
		unresolved := endpoint.ID == "" && len(grant.Endpoints.IDs) > 0
		opened := endpoint.projectsOf(grant)
		if !granted && !unresolved && len(opened) == 0 {
			continue
		}
		if matched, err := matches(grant.Namespaces); err != nil {
			return false, err
		} else if !matched {
			continue
		}
		if granted {
			return true, nil
		}
		if endpoint.ID == "" {
			failure = ErrUndecided
			continue
		}
		projects = append(projects, opened...)
	}
	for _, projectID := range projects {
		shown, err := shows(projectID, endpoint.ID)
		// mutation: grant-unlisted-endpoint
		if shown {
			return true, nil
		}
		failure = cmp.Or(failure, err)
	}
	return false, failure
}

// projectsOf returns the projects of a grant that may have the Endpoint.
func (e Endpoint) projectsOf(grant v1alpha1.Grant) []string {
	var projects []string
	for _, id := range grant.Endpoints.ProjectIDs {
		if e.ProjectID == "" || e.ProjectID == string(id) {
			projects = append(projects, string(id))
		}
	}
	return projects
}

// MayList reports whether the resources of a namespace may learn which Endpoints a project has: wherever they may have a key for each of them.
func MayList(ctx context.Context, reader client.Reader, found v1alpha1.Connection, namespace, projectID string) (bool, error) {
	cluster, ok := found.(*v1alpha1.ClusterCognigyConnection)
	if !ok || len(cluster.Spec.Grants) == 0 {
		return true, nil
	}
	matches := matcher(ctx, reader, namespace)
	for _, grant := range cluster.Spec.Grants {
		// mutation: name-ids-of-ungranted-project
		if !slices.Contains(grant.Endpoints.ProjectIDs, v1alpha1.ProjectID(projectID)) {
			continue
		}
		if matched, err := matches(grant.Namespaces); matched || err != nil {
			return matched, err
		}
	}
	return false, nil
}
