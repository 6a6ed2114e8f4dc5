// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// defaultTokenLifetime is Cognigy's, of access tokens and of super API keys.
const defaultTokenLifetime = 15 * time.Minute

// OAuth2Client may have access tokens.
type OAuth2Client struct {
	ID, Secret string
	Scopes     []string // that it may ask for
}

// Login is what HTTP Basic takes.
type Login struct{ Username, Password string }

// Token is an access token or super API key that was made. Its plaintext is kept as its hash.
type Token struct {
	SuperAPIKey bool
	MadeAt      time.Time // in real time, since Options.Now may stand still
	ExpiresAt   time.Time
}

// tokens are the ways to authenticate beside API keys. Of each there is none until a test sets it.
type tokens struct {
	mu           sync.Mutex
	client       OAuth2Client
	user         Login
	manager      Login
	organisation string
	off          int // the status that answers requests for super API keys; 0 if they are on
	lifetime     time.Duration
	made         map[string]*Token // by fingerprint
}

// SetOAuth2Client replaces the client that may have access tokens. The tokens of the one before go on to work.
func (t *tokens) SetOAuth2Client(client OAuth2Client) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.client = client
}

// SetUser replaces the user who may call the API by HTTP Basic.
func (t *tokens) SetUser(user Login) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.user = user
}

// SetManager replaces the user of the Management UI, who may make super API keys of an organisation. Super API keys are off until then.
func (t *tokens) SetManager(organisationID string, manager Login) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.organisation, t.manager = organisationID, manager
}

// SwitchSuperAPIKeys has requests for super API keys answered with 401 or 404, as an installation without
// FEATURE_USE_SUPERAPIKEY_API may; 0 switches the feature on again.
func (t *tokens) SwitchSuperAPIKeys(status int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.off = status
}

// SetTokenLifetime is for tokens that are made from now on.
func (t *tokens) SetTokenLifetime(lifetime time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lifetime = lifetime
}

// ExpireTokens ends every token now.
func (t *tokens) ExpireTokens() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, each := range t.made {
		each.ExpiresAt = time.Now()
	}
}

// Tokens is every token that was made, in order.
func (t *tokens) Tokens() []Token {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []Token
	for _, each := range t.made {
		all = append(all, *each)
	}
	slices.SortFunc(all, func(a, b Token) int { return a.MadeAt.Compare(b.MadeAt) })
	return all
}

// isToken reports whether a token with this hash was made.
func (t *tokens) isToken(sum string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.made[sum] != nil
}

// authenticates reports whether credentials other than an API key are accepted.
func (t *tokens) authenticates(c call) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if bearer, ok := strings.CutPrefix(c.header.Get("Authorization"), "Bearer "); ok {
		return t.works(bearer, false)
	}
	return t.works(c.header.Get("X-API-Key"), true) || t.user.sent(c)
}

// works expects the lock to be held.
func (t *tokens) works(plaintext string, superAPIKey bool) bool {
	found := t.made[fingerprint(plaintext)]
	return found != nil && found.SuperAPIKey == superAPIKey && time.Now().Before(found.ExpiresAt)
}

// make expects the lock to be held.
func (t *tokens) make(superAPIKey bool) (plaintext string, lifetime time.Duration) {
	plaintext, lifetime = randomHex(plaintextLength/2), t.lifetime
	if lifetime == 0 {
		lifetime = defaultTokenLifetime
	}
	if t.made == nil {
		t.made = map[string]*Token{}
	}
	now := time.Now()
	t.made[fingerprint(plaintext)] = &Token{SuperAPIKey: superAPIKey, MadeAt: now, ExpiresAt: now.Add(lifetime)}
	return plaintext, lifetime
}

// sent reports whether a call has these credentials.
func (l Login) sent(c call) bool {
	encoded, ok := strings.CutPrefix(c.header.Get("Authorization"), "Basic ")
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	return ok && err == nil && l.Username != "" && string(decoded) == l.Username+":"+l.Password
}

// accessToken is the answer of RFC 6749, section 5.1.
type accessToken struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
}

// tokenError is that of section 5.2.
type tokenError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func refuseToken(status int, code, description string) answer {
	return answer{status: status, body: tokenError{code, description}}
}

func (s *Simulator) postToken(c call) answer {
	form, err := url.ParseQuery(string(c.body))
	switch {
	case c.method != http.MethodPost:
		return proxyPage(http.StatusMethodNotAllowed)
	case err != nil || c.header.Get("Content-Type") != "application/x-www-form-urlencoded":
		return refuseToken(http.StatusBadRequest, "invalid_request", "The body is not form-encoded.")
	case form.Get("grant_type") != "client_credentials":
		return refuseToken(http.StatusBadRequest, "unsupported_grant_type", "The grant_type is not known.")
	}
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	if s.client.ID == "" || form.Get("client_id") != s.client.ID || form.Get("client_secret") != s.client.Secret {
		return refuseToken(http.StatusUnauthorized, "invalid_client", "The client is not known, or its secret is wrong.")
	}
	for _, scope := range strings.Fields(form.Get("scope")) {
		if !slices.Contains(s.client.Scopes, scope) {
			return refuseToken(http.StatusBadRequest, "invalid_scope", "The client may not have this scope.")
		}
	}
	plaintext, lifetime := s.make(false)
	return answer{status: http.StatusOK, body: accessToken{plaintext, "Bearer", int(lifetime.Seconds())}}
}

// superAPIKey is the answer of the management API.
type superAPIKey struct {
	ID        string `json:"_id"`
	Name      string `json:"name"`
	CreatedAt int64  `json:"createdAt"`
	Key       string `json:"apiKey"`
}

func (s *Simulator) postSuperAPIKey(c call) answer {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	switch {
	case s.off == http.StatusUnauthorized: // the API's own authentication answers
		return refuse(c, http.StatusUnauthorized, http.StatusUnauthorized, "The X-API-Key is missing or not valid.")
	case s.off != 0 || s.organisation == "":
		return proxyPage(http.StatusNotFound)
	case c.method != http.MethodPost:
		return refuse(c, http.StatusMethodNotAllowed, codeMethodNotAllowed, "The method is not allowed here.")
	case !s.manager.sent(c):
		refusal := refuse(c, http.StatusUnauthorized, http.StatusUnauthorized, "Name or password are wrong.")
		refusal.header = map[string]string{"WWW-Authenticate": `Basic realm="management"`}
		return refusal
	case c.organisationID != s.organisation:
		return refuse(c, http.StatusNotFound, codeNotFound, "There is no such organisation.")
	}
	plaintext, _ := s.make(true)
	return answer{status: http.StatusCreated, body: superAPIKey{randomHex(12), "super API key", s.now().Unix(), plaintext}}
}
