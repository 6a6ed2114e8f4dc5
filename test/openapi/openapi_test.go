// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package openapi_test

import (
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/test/openapi"
)

const (
	id        = "64f0c0ffee0123456789abcd"
	endpoint  = "/new/v2.0/endpoints/" + id
	keys      = endpoint + "/apikeys"
	cursor    = "0123456789abcdef01234567"
	key       = `"_id":"` + id + `","name":"a key","keyPreview":"8a4f••••••••7c2e","createdAt":1700000000`
	plaintext = "8a4f000000000000000000000000000000000000000000000000000000007c2e"
	problem   = `"type":"about:blank","title":"Not Found","status":404,"detail":"","instance":"/v2.0/endpoints","details":{},` +
		`"traceId":"api--f47ac10b-58cc-4372-a567-0e02b2c3d479"`
)

func request(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	made, err := http.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	made.Header.Set("X-API-Key", "a credential")
	if body != "" {
		made.Header.Set("Content-Type", "application/json")
	}
	return made
}

func TestRequests(t *testing.T) {
	long := strings.Repeat("a", 201)
	cases := []struct {
		method, path, body string
		says               string // "" if the document allows it
	}{
		{"GET", keys, "", ""},
		{"GET", strings.TrimPrefix(keys, "/new"), "", ""},
		{"POST", keys, `{"name":"a key"}`, ""},
		{"DELETE", keys + "/" + id, "", ""},
		{"GET", endpoint, "", ""},
		{"GET", "/new/v2.0/endpoints", "", ""},
		{"GET", "/new/v2.0/endpoints?projectId=" + id + "&filter=x&limit=100&skip=1&sort=name:desc&next=" + cursor, "", ""},
		{"GET", "/new/v2.0/projects?previous=" + cursor, "", ""},

		{"PUT", keys, `{"name":"a key"}`, "not documented"},
		{"GET", "/new/v2.0/flows", "", "not documented"},
		{"GET", "/new/v2.0/endpoints/NOPE/apikeys", "", "endpointId"},
		{"DELETE", keys + "/..%2f..%2fusers", "", "apiKeyId"},
		{"GET", keys, `{}`, "request body not allowed"},
		{"POST", keys, "", "body"},
		{"POST", keys, `{}`, "name"},
		{"POST", keys, `{"name":1}`, "name"},
		{"POST", keys, `{"name":""}`, "name"},
		{"POST", keys, `{"name":"` + long + `"}`, "name"},
		{"POST", keys, `{"name":"a key","expiresAt":1}`, "expiresAt"},
		{"GET", "/new/v2.0/endpoints?limit=101", "", "limit"},
		{"GET", "/new/v2.0/endpoints?projectId=crm", "", "projectId"},
		{"GET", "/new/v2.0/endpoints?next=2", "", "next"},
		{"GET", "/new/v2.0/endpoints?page=2", "", "page"},
		{"GET", keys + "?api_key=secret", "", "api_key"},
	}
	for _, c := range cases {
		err := openapi.Cognigy().CheckRequest(request(t, c.method, c.path, c.body))
		if c.says == "" {
			NewWithT(t).Expect(err).NotTo(HaveOccurred(), "%s %s", c.method, c.path)
		} else {
			NewWithT(t).Expect(err).To(MatchError(ContainSubstring(c.says)), "%s %s %s", c.method, c.path, c.body)
		}
	}
}

func TestRequestsWithWrongHeaders(t *testing.T) {
	g := NewWithT(t)
	anonymous := request(t, "GET", keys, "")
	anonymous.Header.Del("X-API-Key")
	g.Expect(openapi.Cognigy().CheckRequest(anonymous)).To(MatchError(ContainSubstring("X-API-Key")))
	form := request(t, "POST", keys, "name=a")
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	g.Expect(openapi.Cognigy().CheckRequest(form)).To(MatchError(ContainSubstring("Content-Type")))
}

// Each route takes its own credentials.
func TestCredentials(t *testing.T) {
	const superKeys, form = "/new/management/v2.0/organisations/" + id + "/apikeys", "grant_type=client_credentials&client_id=a&client_secret=b"
	cases := []struct {
		method, path, body, authorization string
		says                              string // "" if the document allows it
	}{
		{"GET", keys, "", "Bearer a", ""},
		{"GET", keys, "", "Basic YTpi", ""},
		{"GET", keys, "", "Digest a", "X-API-Key"},
		{"POST", superKeys, "", "Basic YTpi", ""},
		{"POST", superKeys, "", "Bearer a", "basic credentials"},
		{"POST", superKeys, "{}", "Basic YTpi", "request body not allowed"},
		{"POST", "/auth/oauth2/token", form, "", ""},
		{"POST", "/auth/oauth2/token", form + "&scope=a+b", "", ""},
		{"POST", "/auth/oauth2/token", strings.Replace(form, "client_credentials", "password", 1), "", "grant_type"},
		{"POST", "/auth/oauth2/token", "grant_type=client_credentials&client_id=a", "", "client_secret"},
	}
	for _, c := range cases {
		sent := request(t, c.method, c.path, c.body)
		sent.Header.Del("X-API-Key")
		if strings.Contains(c.path, "token") {
			sent.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if c.authorization != "" {
			sent.Header.Set("Authorization", c.authorization)
		}
		err := openapi.Cognigy().CheckRequest(sent)
		if c.says == "" {
			NewWithT(t).Expect(err).NotTo(HaveOccurred(), "%s %s", c.method, c.path)
		} else {
			NewWithT(t).Expect(err).To(MatchError(ContainSubstring(c.says)), "%s %s %s", c.method, c.path, c.body)
		}
	}
}

func TestResponses(t *testing.T) {
	const page = `"total":1,"nextCursor":null,"previousCursor":"` + cursor + `"`
	item := `{"_id":"` + id + `","name":"CRM","channel":"rest","flowId":"` + id + `","localeId":"` + id + `",` +
		`"URLToken":"a","createdAt":1}`
	cases := []struct {
		method, path string
		status       int
		body         string
		says         string // "" if the document allows it
	}{
		{"POST", keys, 201, `{"key":"` + plaintext + `",` + key + `}`, ""},
		{"GET", keys, 200, `[]`, ""},
		{"GET", keys, 200, `[{` + key + `}]`, ""},
		{"DELETE", keys + "/" + id, 204, "", ""},
		{"GET", endpoint, 200, item, ""},
		{"GET", "/new/v2.0/endpoints", 200, `{"items":[` + item + `],` + page + `}`, ""},
		{"GET", "/new/v2.0/projects", 200, `{"items":[{"_id":"` + id + `","name":"CRM"}],` + page + `}`, ""},
		{"GET", keys, 404, `{` + problem + `,"code":1002}`, ""},
		{"POST", "/auth/oauth2/token", 200, `{"access_token":"` + plaintext + `","token_type":"Bearer","expires_in":900}`, ""},
		{"POST", "/auth/oauth2/token", 401, `{"error":"invalid_client"}`, ""},
		{"POST", "/new/management/v2.0/organisations/" + id + "/apikeys", 201, `{"_id":"` + id + `","name":"a","createdAt":1,"apiKey":"` + plaintext + `"}`, ""},
		{"GET", keys, 404, `{` + problem + `,"code":"1000"}`, ""},

		{"POST", keys, 200, `{"key":"` + plaintext + `",` + key + `}`, "status"},
		{"POST", keys, 201, `{` + key + `}`, `"key" is missing`},
		{"POST", keys, 201, `{"key":"` + plaintext + ` ",` + key + `}`, "at /key"},
		{"GET", keys, 200, `[{"key":"` + plaintext + `",` + key + `}]`, `"key" is unsupported`},
		{"GET", keys, 200, `{"items":[]}`, "array"},
		{"GET", keys, 200, `null`, "null"},
		{"GET", keys, 200, `[{` + strings.Replace(key, "1700000000", "1700000000000", 1) + `}]`, "createdAt"},
		{"GET", "/new/v2.0/endpoints", 200, `{"items":[]}`, "total"},
		{"GET", keys, 404, `{"code":404}`, "is missing"},
		{"GET", keys, 404, `{` + problem + `,"code":null}`, "code"},
		{"GET", keys, 302, ``, "status"},
		{"POST", "/auth/oauth2/token", 200, `{"access_token":"` + plaintext + `","token_type":"mac","expires_in":900}`, "token_type"},
		{"POST", "/auth/oauth2/token", 400, `{"error":"` + plaintext + `"}`, "error"},
		{"POST", "/new/management/v2.0/organisations/" + id + "/apikeys", 201, `{"key":"` + plaintext + `"}`, "key"},
	}
	for _, c := range cases {
		response := &http.Response{
			StatusCode: c.status, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
			Body: io.NopCloser(strings.NewReader(c.body)),
		}
		err := openapi.Cognigy().CheckResponse(request(t, c.method, c.path, ""), response)
		if c.says == "" {
			NewWithT(t).Expect(err).NotTo(HaveOccurred(), "%s %s", c.method, c.path)
		} else {
			says := And(ContainSubstring(c.says), Not(ContainSubstring(plaintext)))
			NewWithT(t).Expect(err).To(MatchError(says), "%s %s %s", c.method, c.path, c.body)
		}
	}
}

// What users run is not to depend on what only tests need.
func TestNoBinaryDependsOnIt(t *testing.T) {
	g := NewWithT(t)
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "../../cmd", "../simulator/cmd")
	imported, err := list.Output()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(imported)).To(ContainSubstring("test/simulator\n"), "the simulator's command is among them")
	g.Expect(string(imported)).NotTo(ContainSubstring("openapi3filter"))
}
