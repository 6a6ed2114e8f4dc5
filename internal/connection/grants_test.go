// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"errors"
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

var (
	all    = v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll}
	others = v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromSelector}
)

func grantOf(namespaces v1alpha1.AllowedNamespaces, ids []v1alpha1.EndpointID, projects ...v1alpha1.ProjectID) v1alpha1.Grant {
	return v1alpha1.Grant{Namespaces: namespaces, Endpoints: v1alpha1.GrantedEndpoints{IDs: ids, ProjectIDs: projects}}
}

func TestGrants(t *testing.T) {
	ids := func(ids ...v1alpha1.EndpointID) []v1alpha1.EndpointID { return ids }
	refused := errors.New("refused")
	byID, byName, unresolved := Endpoint{ID: "e"}, Endpoint{ID: "e", ProjectID: "p", Name: "n"}, Endpoint{ProjectID: "p", Name: "n"}
	for _, c := range []struct {
		why      string
		grants   []v1alpha1.Grant
		endpoint Endpoint
		granted  bool
		failure  error
		listed   []string // in this order
	}{
		{"without grants, every Endpoint is granted", nil, byID, true, nil, nil},
		{"without grants, every name may be resolved", nil, unresolved, true, nil, nil},
		{"the id is granted", []v1alpha1.Grant{grantOf(all, ids("e"))}, byID, true, nil, nil},
		{"another id is", []v1alpha1.Grant{grantOf(all, ids("x"))}, byID, false, nil, nil},
		{"the id is granted to others", []v1alpha1.Grant{grantOf(others, ids("e"))}, byID, false, nil, nil},
		{"the project is granted to others", []v1alpha1.Grant{grantOf(others, nil, "p")}, byID, false, nil, nil},
		{"a project has it", []v1alpha1.Grant{grantOf(all, ids("x"), "q", "p", "r")}, byID, true, nil, []string{"q", "p"}},
		{"an id costs no list", []v1alpha1.Grant{grantOf(all, nil, "q"), grantOf(all, ids("e"))}, byID, true, nil, nil},
		{"no project has it", []v1alpha1.Grant{grantOf(all, nil, "q"), grantOf(all, nil, "r")}, byID, false, nil, []string{"q", "r"}},
		{"a list is refused", []v1alpha1.Grant{grantOf(all, nil, "refused", "q")}, byID, false, refused, []string{"refused", "q"}},
		{"another one shows it", []v1alpha1.Grant{grantOf(all, nil, "refused", "p")}, byID, true, nil, []string{"refused", "p"}},
		{"a name is of its project alone", []v1alpha1.Grant{grantOf(all, nil, "q", "p")}, byName, true, nil, []string{"p"}},
		{"a name of another project", []v1alpha1.Grant{grantOf(all, nil, "q")}, byName, false, nil, nil},
		{"a name may turn out to be of the project", []v1alpha1.Grant{grantOf(all, nil, "p")}, unresolved, false, ErrUndecided, nil},
		{"or to mean the id", []v1alpha1.Grant{grantOf(all, ids("e"))}, unresolved, false, ErrUndecided, nil},
		{"not if others have the grant", []v1alpha1.Grant{grantOf(others, ids("e"), "p")}, unresolved, false, nil, nil},
		{"nor if it is of another project", []v1alpha1.Grant{grantOf(all, nil, "q")}, unresolved, false, nil, nil},
	} {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			var listed []string
			granted, err := grants(c.grants, c.endpoint,
				func(namespaces v1alpha1.AllowedNamespaces) (bool, error) {
					return namespaces.From == v1alpha1.NamespacesFromAll, nil
				},
				func(projectID, endpointID string) (bool, error) {
					listed = append(listed, projectID)
					if projectID == "refused" {
						return false, refused
					}
					return projectID == "p" && endpointID == "e", nil
				})
			g.Expect(granted).To(Equal(c.granted))
			if c.failure == nil {
				g.Expect(err).NotTo(HaveOccurred())
			} else {
				g.Expect(err).To(MatchError(c.failure))
			}
			g.Expect(slices.Equal(listed, c.listed)).To(BeTrue(), "%q", listed)
		})
	}
}

// The status of a resource is no proof, and what is no id is no Endpoint.
func TestReportedEndpoint(t *testing.T) {
	g := NewWithT(t)
	const one, other = "64f0c0ffee0123456789abcd", "64f0c0ffee0123456789abce"
	key := &v1alpha1.EndpointAPIKey{Status: v1alpha1.EndpointAPIKeyStatus{EndpointID: other}}
	key.Spec.Endpoint.ID = one
	g.Expect(ReportedEndpoint(key)).To(Equal(Endpoint{ID: one}))
	key.Spec.Endpoint = v1alpha1.EndpointReference{ProjectID: "p", Name: "n"}
	g.Expect(ReportedEndpoint(key)).To(Equal(Endpoint{ID: other, ProjectID: "p", Name: "n"}))
	key.Status.Issuance = &v1alpha1.Issuance{EndpointID: one}
	g.Expect(ReportedEndpoint(key).ID).To(Equal(one))
	key.Status.Issuance.EndpointID = "../../users"
	g.Expect(ReportedEndpoint(key).ID).To(BeEmpty())
}
