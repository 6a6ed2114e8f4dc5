// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"encoding/base64"
	"strings"
	"testing"
)

// A plaintext is recognized wherever it stands and whatever became of its key; what only resembles one is not.
func TestLeaked(t *testing.T) {
	r := start(t, Options{})
	entry, live := r.AddKey(r.endpoint.ID, "live")
	revoked := r.create()
	r.RevokeKey(revoked.ID)
	removed := r.AddEndpoint(projectID, "removed")
	_, gone := r.AddKey(removed.ID, "gone with its Endpoint")
	r.RemoveEndpoint(removed.ID)
	r.SetOAuth2Client(OAuth2Client{ID: "client", Secret: "secret"})
	token, superKey := r.getToken("client", "secret").AccessToken, r.makeSuperAPIKey().Key
	r.ExpireTokens()
	another := start(t, Options{})
	_, unknown := another.AddKey(another.endpoint.ID, "made elsewhere")

	tests := []struct {
		name, text string
		want       bool
	}{
		{"nothing", "", false},
		{"a plaintext and nothing else", live, true},
		{"of a revoked key", `{"key":"` + revoked.Key + `"}`, true},
		{"of a removed Endpoint", "a\n" + gone + "\nb", true},
		{"hexadecimal on both sides", "0af" + live + live[:20], true},
		{"in capitals", strings.ToUpper(live), true},
		{"the second of two", unknown + " " + live, true},
		{"in base64", `{"api-key":"` + base64.StdEncoding.EncodeToString([]byte(live)) + `"}`, true},
		{"base64 on its left", "abcd" + base64.StdEncoding.EncodeToString([]byte(live)), true},
		{"an access token", "Authorization: Bearer " + token, true},
		{"an access token in base64", base64.StdEncoding.EncodeToString([]byte(token)), true},
		{"a super API key", superKey, true},
		{"of another Cognigy", unknown, false},
		{"a hash", entry.SHA256, false},
		{"a preview and an id", entry.Preview + " " + entry.ID, false},
		{"all but a character", live[1:], false},
		{"in two pieces", live[:32] + " " + live[32:], false},
		{"a credential", r.APIKey(), false},
		{"a hash in base64", base64.StdEncoding.EncodeToString([]byte(entry.SHA256)), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { equal(t, "leaked", r.Leaked(tt.text), tt.want) })
	}
}
