// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"net/http"
	"strings"
	"testing"
)

// Something in front of Cognigy blocks the answer when the key exists.
func TestRefusalsAfterTheCommit(t *testing.T) {
	for name, tt := range map[string]struct {
		fault            Fault
		contentType, has string
	}{
		"a proxy's JSON":          {Fault{ContentType: "application/json", Body: `{"code":403}`}, "application/json", `{"code":403}`},
		"the shape of Cognigy's":  {Fault{Code: 403}, "application/problem+json; charset=utf-8", `"status":403`},
		"HTML, as of a proxy too": {Fault{}, "text/html", "<h1>403 Forbidden</h1>"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, Options{})
			tt.fault.Kind, tt.fault.Status = FaultCommitThenStatus, http.StatusForbidden
			r.Inject(tt.fault)
			answer := r.post("a key")
			equal(t, "status", answer.status, http.StatusForbidden)
			equal(t, "Content-Type", answer.header.Get("Content-Type"), tt.contentType)
			equal(t, "has "+tt.has, strings.Contains(answer.body, tt.has), true)
			r.wantLedger("made")
		})
	}
}
