// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const organisationID = "64f0c0ffee00000000000009"

var manager = Login{"admin", "a password: with a colon"}

func (l Login) header() []string {
	return []string{"X-API-Key", "", "Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(l.Username+":"+l.Password))}
}

// postForm asks for an access token.
func (r *rig) postForm(form url.Values) got {
	r.t.Helper()
	return r.do(http.MethodPost, RouteToken, form.Encode(), "X-API-Key", "", "Content-Type", "application/x-www-form-urlencoded")
}

func tokenForm(id, secret, scope string) url.Values {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
	if scope != "" {
		form.Set("scope", scope)
	}
	return form
}

func (r *rig) getToken(id, secret string) accessToken {
	r.t.Helper()
	return decode[accessToken](r.t, r.postForm(tokenForm(id, secret, "")).body)
}

// makeSuperAPIKey makes one, as the only manager.
func (r *rig) makeSuperAPIKey() superAPIKey {
	r.t.Helper()
	r.SetManager(organisationID, manager)
	return decode[superAPIKey](r.t, r.do(http.MethodPost, superAPIKeysOf(organisationID), "", manager.header()...).body)
}

func superAPIKeysOf(organisation string) string {
	return strings.Replace(RouteSuperAPIKeys, "{organisationId}", organisation, 1)
}

func (r *rig) wantList(what string, status int, header ...string) {
	r.t.Helper()
	equal(r.t, what, r.do(http.MethodGet, r.keys(), "", header...).status, status)
}

func TestAccessTokens(t *testing.T) {
	r := start(t, Options{})
	r.SetOAuth2Client(OAuth2Client{ID: "client", Secret: "secret", Scopes: []string{"keys", "flows"}})
	r.SetTokenLifetime(time.Hour)
	made := decode[accessToken](t, r.postForm(tokenForm("client", "secret", "flows keys")).body)
	equal(t, "expires_in", made.ExpiresIn, 3600)
	bearer := []string{"X-API-Key", "", "Authorization", "Bearer " + made.AccessToken}
	r.wantList("with a token", http.StatusOK, bearer...)
	r.wantList("with a token as an API key", http.StatusUnauthorized, "X-API-Key", made.AccessToken)
	r.SetOAuth2Client(OAuth2Client{ID: "another", Secret: "secret"})
	r.wantList("of a client before", http.StatusOK, bearer...)
	r.ExpireTokens()
	r.wantList("expired", http.StatusUnauthorized, bearer...)
	equal(t, "tokens", len(r.Tokens()), 1)
}

func TestRefusedAccessTokens(t *testing.T) {
	r := startLenient(t, Options{})
	wanted := func(form url.Values, status int, code string) {
		t.Helper()
		answer := r.postForm(form)
		equal(t, "status", answer.status, status)
		equal(t, "error", decode[tokenError](t, answer.body).Error, code)
	}
	wanted(tokenForm("client", "secret", ""), http.StatusUnauthorized, "invalid_client")
	r.SetOAuth2Client(OAuth2Client{ID: "client", Secret: "secret", Scopes: []string{"keys"}})
	wanted(tokenForm("client", "wrong", ""), http.StatusUnauthorized, "invalid_client")
	wanted(tokenForm("", "", ""), http.StatusUnauthorized, "invalid_client")
	wanted(tokenForm("client", "secret", "keys flows"), http.StatusBadRequest, "invalid_scope")
	wanted(url.Values{"client_id": {"client"}, "client_secret": {"secret"}}, http.StatusBadRequest, "unsupported_grant_type")
	equal(t, "as JSON", r.do(http.MethodPost, RouteToken, "{}").status, http.StatusBadRequest)
	equal(t, "below /new", r.do(http.MethodPost, "/new"+RouteToken, tokenForm("client", "secret", "").Encode()).status, http.StatusNotFound)
	equal(t, "GET", r.do(http.MethodGet, RouteToken, "").status, http.StatusMethodNotAllowed)
	equal(t, "tokens", len(r.Tokens()), 0)
}

func TestSuperAPIKeys(t *testing.T) {
	r := startLenient(t, Options{})
	post := func(organisation string, by Login) got {
		return r.do(http.MethodPost, superAPIKeysOf(organisation), "", by.header()...)
	}
	equal(t, "off by default", post(organisationID, manager).status, http.StatusNotFound)
	made := r.makeSuperAPIKey()
	equal(t, "super", r.Tokens()[0].SuperAPIKey, true)
	r.wantList("with a super API key", http.StatusOK, "X-API-Key", made.Key)
	r.wantList("with one as an access token", http.StatusUnauthorized, "X-API-Key", "", "Authorization", "Bearer "+made.Key)
	r.wantList("with the manager's own credentials", http.StatusUnauthorized, manager.header()...)
	wrong := post(organisationID, Login{manager.Username, "wrong"})
	equal(t, "wrong password", wrong.status, http.StatusUnauthorized)
	equal(t, "which asks for Basic", wrong.header.Get("WWW-Authenticate"), `Basic realm="management"`)
	equal(t, "another organisation", post(absentID, manager).status, http.StatusNotFound)
	equal(t, "GET", r.do(http.MethodGet, superAPIKeysOf(organisationID), "", manager.header()...).status, http.StatusMethodNotAllowed)
	for _, off := range []int{http.StatusUnauthorized, http.StatusNotFound} {
		r.SwitchSuperAPIKeys(off)
		refused := post(organisationID, manager)
		equal(t, "switched off", refused.status, off)
		equal(t, "which does not ask for Basic", refused.header.Get("WWW-Authenticate"), "")
	}
	r.SwitchSuperAPIKeys(0)
	equal(t, "switched on", post(organisationID, manager).status, http.StatusCreated)
	r.ExpireTokens()
	r.wantList("expired", http.StatusUnauthorized, "X-API-Key", made.Key)
}

func TestBasic(t *testing.T) {
	r := start(t, Options{})
	r.wantList("nobody", http.StatusUnauthorized, manager.header()...)
	r.SetUser(manager)
	r.wantList("a user", http.StatusOK, manager.header()...)
	r.wantList("with another password", http.StatusUnauthorized, Login{manager.Username, "wrong"}.header()...)
	r.wantList("without a name", http.StatusUnauthorized, Login{}.header()...)
}
