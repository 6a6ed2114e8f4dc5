// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

func TestProbe(t *testing.T) {
	cases := []struct {
		why    string
		status int
		body   string
		kind   cognigy.Kind // "" if the probe passes
	}{
		{"Endpoints", 200, `{"items":[{"_id":"x"}],"total":1}`, ""},
		{"no Endpoints", 200, `{"items":[]}`, ""},
		{"this user may not list Endpoints, but perhaps keys", 403, `{"code":403,"status":403,"traceId":"x"}`, ""},
		{"this version wants a project", 400, `{"code":1000,"status":400,"traceId":"x"}`, ""},
		{"this version has no such route, but answers as Cognigy does", 404, `{"code":1002,"status":404,"traceId":"x"}`, ""},
		{"the credential is rejected", 401, `{"code":401,"status":401,"traceId":"x"}`, cognigy.Unauthorized},
		{"a kube-apiserver answers", 403, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`, cognigy.Unexpected},
		{"a web application firewall answers", 403, `{"code":403}`, cognigy.Unexpected},
		{"a proxy answers", 403, `<html>`, cognigy.Unexpected},
		{"a portal's login page", 200, `<html>`, cognigy.Unexpected},
		{"a portal's JSON", 200, `{"ok":true}`, cognigy.Unexpected},
		{"items are no list", 200, `{"items":{}}`, cognigy.Unexpected},
		{"items are null", 200, `{"items":null}`, cognigy.Unexpected},
		{"no content", 204, ``, cognigy.Unexpected},
		{"slow down", 429, ``, cognigy.RateLimited},
		{"not implemented", 501, ``, cognigy.Unavailable},
		{"elsewhere", 302, ``, cognigy.Redirected},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			err := newClient(t, serve(t, answer(c.status, c.body))).Probe(t.Context())
			if c.kind == "" {
				NewWithT(t).Expect(err).NotTo(HaveOccurred())
				return
			}
			NewWithT(t).Expect(failure(t, err).Kind).To(Equal(c.kind))
		})
	}
}
