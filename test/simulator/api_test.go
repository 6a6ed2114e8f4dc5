// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestLifeOfAKey(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	r := start(t, Options{Now: func() time.Time { return now }})

	equal(t, "empty list", r.do(http.MethodGet, r.keys(), "").body, "[]")

	answer := r.post("crm k8s-1")
	equal(t, "status of POST", answer.status, http.StatusCreated)
	made := decode[createdKey](t, answer.body)
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(made.Key) || !idPattern.MatchString(made.ID) {
		t.Errorf("key or id has the wrong shape: %+v", made)
	}
	equal(t, "preview", made.Preview, made.Key[:4]+"••••••••"+made.Key[60:])
	equal(t, "createdAt", made.CreatedAt, now.Unix())

	listed := r.do(http.MethodGet, r.keys(), "").body
	equal(t, "list", decode[[]keyItem](t, listed)[0], made.keyItem)
	if strings.Contains(listed, made.Key) {
		t.Error("the plaintext is shown a second time")
	}
	equal(t, "works", r.Works(r.endpoint.ID, made.Key), true)
	entry := r.Live(r.endpoint.ID)[0]
	equal(t, "hash in the ledger", entry.SHA256, fingerprint(made.Key))
	equal(t, "name in the ledger", entry.Name, "crm k8s-1")

	now = now.Add(time.Hour)
	gone := r.remove(made.ID)
	equal(t, "status of DELETE", gone.status, http.StatusNoContent)
	equal(t, "body of DELETE", gone.body, "")
	equal(t, "works", r.Works(r.endpoint.ID, made.Key), false)
	equal(t, "live", len(r.Live("")), 0)
	equal(t, "listed", len(r.list()), 0)
	r.wantLedger("made API")
	equal(t, "revokedAt", *r.Ledger()[0].RevokedAt, now)
	equal(t, "second DELETE", r.remove(made.ID).status, http.StatusNotFound)
}

func TestErrors(t *testing.T) {
	r := startLenient(t, Options{})
	keys, long := r.keys(), strings.Repeat("a", 201)
	tests := []struct {
		name, method, path, body string
		header                   []string
		status, code             int
	}{
		{"no credential", "GET", keys, "", []string{"X-API-Key", ""}, 401, 401},
		{"wrong credential", "POST", keys, `{"name":"a"}`, []string{"X-API-Key", "wrong"}, 401, 401},
		{"credential in the query", "GET", keys + "?api_key=" + r.APIKey(), "", []string{"X-API-Key", ""}, 401, 401},
		{"method unknown to keys", "PUT", keys, "", nil, 405, 1013},
		{"method unknown to one key", "GET", r.key(absentID), "", nil, 405, 1013},
		{"method unknown to Endpoints", "POST", RouteEndpoints, "", nil, 405, 1013},
		{"method unknown to an Endpoint", "DELETE", "/new/v2.0/endpoints/" + r.endpoint.ID, "", nil, 405, 1013},
		{"method unknown to the webhook", "GET", "/" + r.endpoint.URLToken, "", nil, 405, 1013},
		{"endpointId is no id", "GET", "/new/v2.0/endpoints/NOPE/apikeys", "", nil, 400, 1005},
		{"apiKeyId is no id", "DELETE", r.key("NOPE"), "", nil, 400, 1005},
		{"an escaped slash is part of the id", "DELETE", r.key("a%2Fb"), "", nil, 400, 1005},
		{"Endpoint unknown to LIST", "GET", "/new/v2.0/endpoints/" + absentID + "/apikeys", "", nil, 404, 1002},
		{"Endpoint unknown to POST", "POST", "/new/v2.0/endpoints/" + absentID + "/apikeys", `{"name":"a"}`, nil, 404, 1002},
		{"Endpoint unknown to DELETE", "DELETE", "/new/v2.0/endpoints/" + absentID + "/apikeys/" + absentID, "", nil, 404, 1002},
		{"Endpoint unknown to GET", "GET", "/new/v2.0/endpoints/" + absentID, "", nil, 404, 1002},
		{"key unknown", "DELETE", r.key(absentID), "", nil, 404, 1002},
		{"no body", "POST", keys, "", nil, 400, 1000},
		{"no name", "POST", keys, `{}`, nil, 400, 1000},
		{"empty name", "POST", keys, `{"name":""}`, nil, 400, 1000},
		{"name is no string", "POST", keys, `{"name":1}`, nil, 400, 1005},
		{"body is no JSON", "POST", keys, `name=a`, nil, 400, 1005},
		{"name with an underscore", "POST", keys, `{"name":"a_b"}`, nil, 400, 1005},
		{"name with an umlaut", "POST", keys, `{"name":"Schlüssel"}`, nil, 400, 1005},
		{"name with a line break", "POST", keys, `{"name":"a\n"}`, nil, 400, 1005},
		{"name too long", "POST", keys, `{"name":"` + long + `"}`, nil, 400, 1005},
		{"body too large", "POST", keys, strings.Repeat(" ", maxBody+1), nil, 413, 413},
		{"limit too small", "GET", RouteEndpoints + "?limit=0", "", nil, 400, 1005},
		{"limit too large", "GET", RouteEndpoints + "?limit=101", "", nil, 400, 1005},
		{"limit is no number", "GET", RouteEndpoints + "?limit=all", "", nil, 400, 1005},
		{"skip negative", "GET", RouteEndpoints + "?skip=-1", "", nil, 400, 1005},
		{"cursor made up", "GET", RouteEndpoints + "?next=42", "", nil, 400, 1005},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answer := r.do(tt.method, tt.path, tt.body, tt.header...)
			p := decode[problem](t, answer.body)
			equal(t, "status", answer.status, tt.status)
			equal(t, "status in the body", p.Status, tt.status)
			equal(t, "code", p.Code, tt.code)
			equal(t, "title", p.Title, http.StatusText(tt.status))
			path, _, _ := strings.Cut(tt.path, "?")
			equal(t, "instance", p.Instance, strings.TrimPrefix(path, "/new"))
			if p.TraceID == "" || strings.Contains(answer.body, r.APIKey()) {
				t.Errorf("no trace id, or a credential, in %s", answer.body)
			}
		})
	}
	r.wantLedger()
}

func TestUnknownRoutesAnswerAsAProxy(t *testing.T) {
	r := startLenient(t, Options{})
	for _, path := range []string{
		"/", "/favicon.ico", "/new", "/new/v2.0/flows", "/new/v2.0/endpointsandmore", "/new/v2.0/endpoints/",
		r.keys() + "/", "/" + r.keys(), r.key(absentID) + "/more", "/new/v2.0/endpoints/" + r.endpoint.ID + "/flows",
	} {
		answer := r.do(http.MethodGet, path, "")
		equal(t, "status of "+path, answer.status, http.StatusNotFound)
		equal(t, "content type of "+path, answer.header.Get("Content-Type"), "text/html")
	}
}

func TestNamesNeedNotBeUnique(t *testing.T) {
	r := start(t, Options{})
	for range 2 {
		equal(t, "status", r.post(strings.Repeat("a", 200)).status, http.StatusCreated)
	}
	equal(t, "listed", len(r.list()), 2)
}

func TestEndpoints(t *testing.T) {
	r := start(t, Options{})
	var other []Endpoint
	for i := range 30 {
		other = append(other, r.AddEndpoint(otherProject, fmt.Sprintf("Shop %d", i)))
	}
	get := func(query string) endpointPage {
		return decode[endpointPage](t, r.do(http.MethodGet, RouteEndpoints+"?"+query, "").body)
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
		page := get(tt.query)
		equal(t, "items of "+tt.query, len(page.Items), tt.items)
		equal(t, "total of "+tt.query, page.Total, tt.total)
		equal(t, "has a next page: "+tt.query, page.NextCursor != nil, tt.next)
	}

	// An Endpoint that is removed between two pages must not make another one be skipped.
	first := get("projectId=" + otherProject + "&limit=20")
	r.RemoveEndpoint(other[3].ID)
	second := get("projectId=" + otherProject + "&limit=20&next=" + *first.NextCursor)
	equal(t, "first of the second page", second.Items[0].Name, "Shop 20")
	equal(t, "second page", len(second.Items), 10)
	equal(t, "next of the last page", second.NextCursor, nil)
}

func TestWebhook(t *testing.T) {
	r := start(t, Options{})
	call := func(key string) int {
		return r.do(http.MethodPost, "/"+r.endpoint.URLToken, `{"text":"hi"}`, "X-Webhook-Key", key).status
	}
	elsewhere := r.AddEndpoint(projectID, "another")
	_, foreign := r.AddKey(elsewhere.ID, "foreign")
	first, second := r.create(), r.create()

	equal(t, "without a key", call(""), http.StatusUnauthorized)
	equal(t, "with another Endpoint's key", call(foreign), http.StatusUnauthorized)
	equal(t, "with the API credential", call(r.APIKey()), http.StatusUnauthorized)
	equal(t, "with the first key", call(first.Key), http.StatusOK)
	equal(t, "with the second key", call(second.Key), http.StatusOK)
	r.remove(first.ID)
	equal(t, "with a revoked key", call(first.Key), http.StatusUnauthorized)
	equal(t, "with the key that is left", call(second.Key), http.StatusOK)
	r.RemoveEndpoint(r.endpoint.ID)
	equal(t, "of an Endpoint that is gone", call(second.Key), http.StatusNotFound)
}
