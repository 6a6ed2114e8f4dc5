// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func (r *rig) endpoints(query string) itemPage[endpointItem] {
	r.t.Helper()
	return decode[itemPage[endpointItem]](r.t, r.do(http.MethodGet, RouteEndpoints+"?"+query, "").body)
}

func TestEndpoints(t *testing.T) {
	r := start(t, Options{})
	var other []Endpoint
	for i := range 30 {
		other = append(other, r.AddEndpoint(otherProject, fmt.Sprintf("Shop %d", i)))
	}
	one := r.do(http.MethodGet, "/new/v2.0/endpoints/"+r.endpoint.ID, "").body
	equal(t, "one Endpoint", decode[endpointItem](t, one), r.endpoint.item())

	tests := []struct {
		query        string
		items, total int
		next         bool
	}{
		{"", 25, 31, true},
		{"limit=100", 31, 31, false},
		{"limit=31", 31, 31, false},
		{"limit=30&skip=1", 30, 31, false},
		{"skip=40", 0, 31, false},
		{"projectId=" + projectID, 1, 1, false},
		{"projectId=" + otherProject + "&limit=10", 10, 30, true},
		{"filter=shop+1", 11, 11, false},
		{"filter=nothing", 0, 0, false},
		{"projectId=" + projectID + "&filter=shop", 0, 0, false},
		{"sort=name:desc&limit=1", 1, 31, true},
	}
	for _, tt := range tests {
		page := r.endpoints(tt.query)
		equal(t, "items of "+tt.query, len(page.Items), tt.items)
		equal(t, "total of "+tt.query, page.Total, tt.total)
		equal(t, "has a next page: "+tt.query, page.NextCursor != nil, tt.next)
	}

	// An Endpoint that is removed between two pages must not make another one be skipped.
	first := r.endpoints("projectId=" + otherProject + "&limit=20")
	r.RemoveEndpoint(other[3].ID)
	second := r.endpoints("projectId=" + otherProject + "&limit=20&next=" + *first.NextCursor)
	equal(t, "first of the second page", second.Items[0].Name, "Shop 20")
	equal(t, "second page", len(second.Items), 10)
	equal(t, "next of the last page", second.NextCursor, nil)
}

// Whoever goes back sees the pages that it came by.
func TestPagesBackwards(t *testing.T) {
	r := start(t, Options{})
	for i := range 6 {
		r.AddEndpoint(projectID, fmt.Sprintf("Endpoint %d", i))
	}
	names := func(page itemPage[endpointItem]) string {
		var names []string
		for _, item := range page.Items {
			names = append(names, item.Name)
		}
		return strings.Join(names, ", ")
	}
	first := r.endpoints("limit=3")
	second := r.endpoints("limit=3&next=" + *first.NextCursor)
	third := r.endpoints("limit=3&next=" + *second.NextCursor)
	equal(t, "previous of the first page", first.PreviousCursor, nil)
	equal(t, "length of a cursor", len(*second.PreviousCursor), 24)
	equal(t, "before the third page", names(r.endpoints("limit=3&previous="+*third.PreviousCursor)), names(second))
	back := r.endpoints("limit=3&previous=" + *second.PreviousCursor)
	equal(t, "before the second page", names(back), names(first))
	equal(t, "next of a page before", *back.NextCursor, *first.NextCursor)
	equal(t, "previous of the first page", back.PreviousCursor, nil)
	short := r.endpoints("limit=5&previous=" + *second.PreviousCursor)
	equal(t, "no more than there is", names(short), names(first))
}

func TestProjects(t *testing.T) {
	r := start(t, Options{})
	r.AddEndpoint(otherProject, "Shop")
	r.AddEndpoint(projectID, "another")
	get := func(query string) itemPage[projectItem] {
		return decode[itemPage[projectItem]](t, r.do(http.MethodGet, RouteProjects+"?"+query, "").body)
	}
	page := get("")
	equal(t, "total", page.Total, 2)
	equal(t, "first", page.Items[0], projectItem{projectID, "Project 1"})
	equal(t, "second", page.Items[1], projectItem{otherProject, "Project 2"})
	equal(t, "on the second page", get("limit=1&next=" + *get("limit=1").NextCursor).Items[0].ID, otherProject)
	equal(t, "of the name", get("filter=project+2").Items[0].ID, otherProject)
}

func TestListsThatNeedAProject(t *testing.T) {
	r := start(t, Options{RequireProject: true})
	refused := r.do(http.MethodGet, RouteEndpoints, "")
	equal(t, "status", refused.status, http.StatusBadRequest)
	equal(t, "code", decode[problem](t, refused.body).Code, codeMissingArgument)
	equal(t, "with a project", r.endpoints("projectId="+projectID).Total, 1)
	equal(t, "one Endpoint", r.do(http.MethodGet, RouteEndpoints+"/"+r.endpoint.ID, "").status, http.StatusOK)
}

func TestProjectsOfAUser(t *testing.T) {
	r := start(t, Options{APIKeys: []string{"admin", "member"}})
	hidden := r.AddEndpoint(otherProject, "Shop")
	r.ShowProjects("member", projectID)
	status := func(method, path, body string) int {
		return r.do(method, path, body, "X-API-Key", "member").status
	}
	total := func(path string) int {
		return decode[itemPage[any]](t, r.do(http.MethodGet, path, "", "X-API-Key", "member").body).Total
	}
	equal(t, "projects", total(RouteProjects), 1)
	equal(t, "Endpoints", total(RouteEndpoints), 1)
	equal(t, "Endpoints of the other project", total(RouteEndpoints+"?projectId="+otherProject), 0)
	equal(t, "one Endpoint", status(http.MethodGet, RouteEndpoints+"/"+hidden.ID, ""), http.StatusForbidden)
	equal(t, "its keys", status(http.MethodGet, keysOf(hidden), ""), http.StatusForbidden)
	equal(t, "a new key", status(http.MethodPost, keysOf(hidden), `{"name":"a key"}`), http.StatusForbidden)
	equal(t, "a new key of the own project", status(http.MethodPost, r.keys(), `{"name":"a key"}`), http.StatusCreated)
	equal(t, "Endpoints of another user", r.endpoints("").Total, 2)
	r.wantLedger("made")
}
