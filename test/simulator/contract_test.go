// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cognigy-operator/cognigy-operator/test/openapi"
)

// strict finds fault with every response.
type strict struct{ *openapi.Contract }

func (strict) CheckResponse(_ *http.Request, response *http.Response) error {
	return errors.New(response.Status)
}

// violated closes a simulator whose violations are looked at here, and returns them.
func violated(r *rig) string {
	r.Close()
	found := r.Violations()
	r.found = nil
	return strings.Join(found, "\n")
}

func TestRequestsAreCompared(t *testing.T) {
	r := start(t, Options{})
	for range 2 {
		r.do(http.MethodPost, r.keys(), `{"name":"a key","expiresAt":1}`)
	}
	r.Inject(Fault{Kind: FaultStatus, Status: 503})
	r.do(http.MethodGet, RouteEndpoints+"?page=2", "")
	found := violated(r)
	equal(t, "differences: "+found, strings.Count(found, "\n"), 1)
	equal(t, "an unknown property is one", strings.Contains(found, `"expiresAt" is unsupported`), true)
	equal(t, "an unknown parameter is one, whatever the answer", strings.Contains(found, `"page" is not documented`), true)
}

// What a fault, or something in front of Cognigy, answers is not Cognigy's word; what an Endpoint answers is its Flow's.
func TestResponsesAreCompared(t *testing.T) {
	r := start(t, Options{Contract: strict{openapi.Cognigy()}})
	r.do(http.MethodPost, "/"+r.endpoint.URLToken, `{}`)
	r.SetQuota(2, time.Hour)
	r.Inject(Fault{Kind: FaultStatus, Status: 403, Code: 403, Times: 1})
	for range 3 {
		r.post("a key")
	}
	equal(t, "differences", violated(r), "201 Created")
}
