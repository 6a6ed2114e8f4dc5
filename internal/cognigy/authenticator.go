// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
)

const (
	headerAPIKey        = "X-API-Key"
	headerAuthorization = "Authorization"
)

// Authenticator puts credentials on requests. One that obtains tokens keeps them, so that clients that share it share a token. It is
// safe for concurrent use.
type Authenticator interface {
	// authenticate puts credentials on a request. It obtains a token through the client first if there is none.
	authenticate(ctx context.Context, through *exchanger, request *http.Request) error
	// reject notes that Cognigy answered 401 to a request, and reports whether the next one may have other credentials.
	reject(request *http.Request) bool
}

// static are credentials that do not change: a header and its value.
type static struct {
	header string
	value  Sensitive
}

// APIKey authenticates by the API key of a Cognigy user.
func APIKey(key Sensitive) Authenticator { return static{headerAPIKey, key} }

// Basic authenticates by HTTP Basic credentials.
func Basic(username, password Sensitive) Authenticator {
	return static{headerAuthorization, basicCredentials(username, password)}
}

func (s static) authenticate(_ context.Context, _ *exchanger, request *http.Request) error {
	request.Header.Set(s.header, s.value.Reveal())
	return nil
}

func (static) reject(*http.Request) bool { return false }

// basicCredentials is the value of the header Authorization.
func basicCredentials(username, password Sensitive) Sensitive {
	return NewSensitive("Basic " + base64.StdEncoding.EncodeToString([]byte(username.Reveal()+":"+password.Reveal())))
}

// asksForBasic reports whether an answer says that HTTP Basic credentials are wanted.
func asksForBasic(answer http.Header) bool {
	for _, challenge := range answer.Values("WWW-Authenticate") {
		if scheme, _, _ := strings.Cut(challenge, " "); strings.EqualFold(scheme, "Basic") {
			return true
		}
	}
	return false
}

// authenticated returns the request of a call with credentials.
func (c *exchanger) authenticated(ctx context.Context, call call) (*http.Request, error) {
	request, err := c.newRequest(ctx, call)
	if err != nil {
		return nil, err
	}
	if err := c.authenticator.authenticate(ctx, c, request); err != nil {
		return nil, notSent(call, err)
	}
	return request, nil
}

// notSent is the failure of a call for which there are no credentials. That says nothing of the call itself, of which nothing was sent.
func notSent(call call, err error) error {
	failure := &Error{Kind: NoToken, Method: call.method, Route: call.route, err: err, detail: "not sent, since there is no token for it yet"}
	switch reason := AsError(err); {
	case reason != nil:
		failure.Kind, failure.RetryAfter, failure.cause = reason.Kind, reason.RetryAfter, reason.cause
		failure.detail = "not sent, since there is no token for it: " + reason.Error()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		failure.Kind, failure.detail = Unavailable, "not sent: "+describe(err)
	}
	return failure
}
