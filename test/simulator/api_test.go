// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
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
		{"wrong credential in the query", "GET", keys + "?api_key=wrong", "", []string{"X-API-Key", ""}, 401, 401},
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
		{"cursor computed", "GET", RouteEndpoints + "?previous=" + absentID, "", nil, 400, 1005},
		{"page in both directions", "GET", RouteProjects + "?next=" + encodeCursor(1) + "&previous=" + encodeCursor(3), "", nil, 400, 1005},
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

func TestUniqueNames(t *testing.T) {
	r := start(t, Options{UniqueNames: true})
	made := r.create()
	refused := r.post(made.Name)
	equal(t, "status", refused.status, http.StatusConflict)
	equal(t, "code", decode[problem](t, refused.body).Code, codeConflict)
	r.remove(made.ID)
	equal(t, "status when the other one is revoked", r.post(made.Name).status, http.StatusCreated)
	other := r.AddEndpoint(projectID, "another")
	equal(t, "status for another Endpoint", r.do(http.MethodPost, keysOf(other), `{"name":"`+made.Name+`"}`).status, http.StatusCreated)
}

func TestStringCodes(t *testing.T) {
	r := start(t, Options{StringCodes: true})
	equal(t, "code", decode[stringCoded](t, r.remove(absentID).body).Code, "1002")
}

// It works and leaks into access logs: the journal tells who does it.
func TestCredentialInTheQuery(t *testing.T) {
	r := startLenient(t, Options{})
	equal(t, "status", r.do(http.MethodGet, r.keys()+"?api_key="+r.APIKey(), "", "X-API-Key", "").status, http.StatusOK)
	equal(t, "recorded", r.Requests()[0].APIKeyQuery, true)
}

func TestBodyOfGET(t *testing.T) {
	r := startLenient(t, Options{})
	refused := r.do(http.MethodGet, r.keys(), `{}`)
	equal(t, "status", refused.status, http.StatusForbidden)
	equal(t, "content type", refused.header.Get("Content-Type"), "text/html")
}

func TestRoutesAtTheRoot(t *testing.T) {
	r := start(t, Options{})
	root := func(path string) string { return strings.TrimPrefix(path, "/new") }
	made := decode[createdKey](t, r.do(http.MethodPost, root(r.keys()), `{"name":"a key"}`).body)
	equal(t, "listed", len(decode[[]keyItem](t, r.do(http.MethodGet, root(r.keys()), "").body)), 1)
	equal(t, "counted as the same route", r.Count(http.MethodGet, RouteKeys), 1)
	equal(t, "Endpoints", r.do(http.MethodGet, root(RouteEndpoints), "").status, http.StatusOK)
	equal(t, "projects", r.do(http.MethodGet, root(RouteProjects), "").status, http.StatusOK)
	equal(t, "one Endpoint", r.do(http.MethodGet, root(RouteEndpoints)+"/"+r.endpoint.ID, "").status, http.StatusOK)
	equal(t, "DELETE", r.do(http.MethodDelete, root(r.key(made.ID)), "").status, http.StatusNoContent)
	refused := decode[problem](t, r.do(http.MethodDelete, root(r.key(made.ID)), "").body)
	equal(t, "instance", refused.Instance, root(r.key(made.ID)))
}
