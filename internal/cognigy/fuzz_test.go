// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

var (
	wantID        = regexp.MustCompile(`^[a-z0-9]{24}$`)
	wantPlaintext = regexp.MustCompile(`^[!-~]+$`)
)

// FuzzAnswers has the client make, list and delete keys on a server that says anything at all.
// Run it with -fuzzminimizetime=10x: minimizing takes most of the time otherwise, and finds nothing.
func FuzzAnswers(f *testing.F) {
	for status, body := range map[int]string{
		200: `[{"_id":"` + endpointID + `","name":"n","keyPreview":"8a4f••••••••7c2e","createdAt":1}]`,
		201: newKey,
		204: ``,
		302: `<html>`,
		400: `{"code":1005,"title":"Bad Request","traceId":"abc"}`,
		404: `{"code":1002,"title":"Not Found","traceId":"abc"}`,
		409: `null`,
		500: `{"code":1008}`,
	} {
		f.Add(status, body)
	}
	type said struct {
		status int
		body   string
	}
	var now atomic.Pointer[said]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(now.Load().status)
		_, _ = w.Write([]byte(now.Load().body))
	}))
	defer server.Close()
	client, err := cognigy.New(config(server.URL))
	if err != nil {
		f.Fatal(err)
	}
	defer client.Close()

	f.Fuzz(func(t *testing.T, status int, body string) {
		// Only POST meets the statuses for which others wait and ask again.
		status = 200 + (status%400+400)%400
		now.Store(&said{status, body})
		made, err := client.CreateKey(t.Context(), endpointID, keyName)
		checkFailure(t, err)
		if err == nil && (!wantID.MatchString(made.ID) || !wantPlaintext.MatchString(made.Plaintext.Reveal()) || status >= 300) {
			t.Errorf("a key out of %d %q", status, body)
		}
		if status >= 500 {
			return
		}
		keys, err := client.ListKeys(t.Context(), endpointID, everything)
		checkFailure(t, err)
		for _, key := range keys {
			if !wantID.MatchString(key.ID) || strings.ContainsFunc(key.Preview, unprintable) || status >= 300 {
				t.Errorf("key %q out of %d %q", key.ID, status, body)
			}
		}
		err = client.DeleteKey(t.Context(), endpointID, absentID)
		checkFailure(t, err)
		if err == nil && status >= 300 && status != http.StatusNotFound {
			t.Errorf("revoked by %d %q", status, body)
		}
	})
}

func checkFailure(t *testing.T, err error) {
	if err == nil {
		return
	}
	if text := err.Error(); len(text) > 1024 || !utf8.ValidString(text) || strings.ContainsFunc(text, unprintable) {
		t.Errorf("an error that does not fit into a condition: %q", text)
	}
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }
