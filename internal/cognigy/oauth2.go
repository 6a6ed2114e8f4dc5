// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// routeToken is below the host, not below /new: it is the vendor's authorization server that answers.
const routeToken = "/auth/oauth2/token"

const (
	// defaultTokenLifetime is Cognigy's default, for an answer that does not say how long the token works.
	defaultTokenLifetime = 15 * time.Minute
	longestTokenLifetime = 24 * time.Hour
)

// OAuth2Client is a client of Cognigy's OAuth 2.0, which authenticates by its client credentials.
type OAuth2Client struct {
	ID, Secret Sensitive
	Scopes     []string // Cognigy's default if empty
}

// OAuth2 authenticates by access tokens of an OAuth 2.0 client. Whether the routes of keys take them is not documented.
func OAuth2(client OAuth2Client) Authenticator {
	return &token{header: headerAuthorization, prefix: "Bearer ", obtain: client.obtain}
}

func (o OAuth2Client) obtain(ctx context.Context, through *exchanger) (Sensitive, time.Duration, error) {
	config := clientcredentials.Config{
		ClientID: o.ID.Reveal(), ClientSecret: o.Secret.Reveal(), Scopes: o.Scopes,
		TokenURL: through.base.JoinPath(routeToken).String(), AuthStyle: oauth2.AuthStyleInParams,
	}
	through.accountForRequest()
	sender := *through.once
	sender.Transport = tokenTransport{through.once.Transport, through.userAgent}
	asked := time.Now()
	made, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, &sender))
	call := call{method: http.MethodPost, route: routeToken}
	if err != nil {
		err = through.tokenError(call, err)
	}
	through.told(ctx, call, asked, err)
	switch {
	case err != nil:
		return Sensitive{}, 0, err
	case strings.ContainsFunc(made.AccessToken, unfitForHeader):
		return Sensitive{}, 0, unexpected(call, http.StatusOK, "the new token does not fit into a header")
	case made.Expiry.IsZero():
		return NewSensitive(made.AccessToken), defaultTokenLifetime, nil
	}
	return NewSensitive(made.AccessToken), min(made.Expiry.Sub(asked), longestTokenLifetime), nil
}

// tokenError puts an error of the library into this client's words: the library quotes bodies.
func (c *exchanger) tokenError(call call, err error) error {
	answered, ok := errors.AsType[*oauth2.RetrieveError](err)
	if _, unanswered := errors.AsType[*url.Error](err); unanswered {
		return c.transportError(call, err, true)
	}
	// mutation: token-error-quotes-body
	if !ok {
		return unexpected(call, http.StatusOK, undocumented)
	}
	failure := AsError(answerError(call, answered.Response, answered.Body))
	// Codes of RFC 6749, section 5.2. No other text of the answer is quoted.
	switch answered.ErrorCode {
	case "invalid_client", "unauthorized_client":
		failure.Kind, failure.detail = ClientRejected, answered.ErrorCode
	case "invalid_scope":
		failure.Kind, failure.detail = ScopeRejected, answered.ErrorCode
	case "invalid_request", "invalid_grant", "unsupported_grant_type":
		failure.Kind, failure.detail = TokenRefused, answered.ErrorCode
	}
	return failure
}

// tokenTransport sends the library's requests as the client's own.
type tokenTransport struct {
	http.RoundTripper
	userAgent string
}

// RoundTrip implements http.RoundTripper.
func (t tokenTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.GetBody = nil // without it, net/http cannot send the request again
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", t.userAgent)
	response, err := t.RoundTripper.RoundTrip(request)
	if err == nil && response.StatusCode == http.StatusSwitchingProtocols {
		// The library would read this body, which is the connection itself, without an end.
		_ = response.Body.Close()
		response.Body = io.NopCloser(strings.NewReader(""))
	}
	return response, err
}
