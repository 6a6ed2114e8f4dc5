// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Kind classifies a failed call, once, for all callers.
type Kind string

// The kinds of failure. Only an answer in the form of Cognigy's errors counts as Cognigy's: a proxy's 404 is Unexpected.
const (
	// NotFound: Cognigy says that the Endpoint or key does not exist.
	NotFound Kind = "not found"
	// Unauthorized: Cognigy rejects the credentials.
	Unauthorized Kind = "unauthorized"
	// Forbidden: the credentials are valid, but lack a permission.
	Forbidden Kind = "forbidden"
	// Invalid: Cognigy refuses the request.
	Invalid Kind = "invalid request"
	// Conflict: Cognigy reports a conflict.
	Conflict Kind = "conflict"
	// RateLimited: Cognigy refuses requests for a while, for RetryAfter if it says how long.
	RateLimited Kind = "rate limited"
	// Unavailable: Cognigy is unreachable, does not answer in time, or fails.
	Unavailable Kind = "unavailable"
	// Redirected: the base URL answers with a redirect, which the client does not follow: it would send the credentials along.
	Redirected Kind = "redirected"
	// HostNotAllowed: Config.AllowedHosts does not name the host, so that nothing was sent.
	HostNotAllowed Kind = "host not allowed"
	// Unexpected: the answer is not Cognigy's, or not as documented.
	Unexpected Kind = "unexpected answer"
	// NoToken: there is no token for the request yet, so that nothing was sent.
	NoToken Kind = "no token"
	// ClientRejected: Cognigy rejects the OAuth 2.0 client, its secret, or its use of client credentials.
	ClientRejected Kind = "client rejected"
	// ScopeRejected: Cognigy does not give the OAuth 2.0 client a scope that it asks for.
	ScopeRejected Kind = "scope rejected"
	// TokenRefused: Cognigy refuses an OAuth 2.0 token for another reason.
	TokenRefused Kind = "token refused"
	// BasicRejected: Cognigy's management API rejects the Basic credentials.
	BasicRejected Kind = "Basic credentials rejected"
	// SuperAPIKeysOff: Cognigy's management API offers no super API keys.
	SuperAPIKeysOff Kind = "super API keys are switched off"
	// OrganisationNotFound: Cognigy's management API knows no such organisation.
	OrganisationNotFound Kind = "organisation not found"
	// TooManyKeys: a list shows more keys that concern the caller than the client keeps.
	TooManyKeys Kind = "too many keys"
	// KeysNotSupported: Cognigy knows the Endpoint, and no list of its keys.
	KeysNotSupported Kind = "keys not supported"
)

// Cognigy's error codes.
const (
	codeMissingArgument = 1000
	codeNotFound        = 1002
	codeConflict        = 1004
)

// Error is a failed call. Its text carries no part of the answer's body but Cognigy's error code, title and traceId.
type Error struct {
	Kind   Kind
	Method string
	Route  string // a template such as /endpoints/{endpointId}/apikeys

	Status  int    // HTTP status; 0 without an answer
	Code    int    // Cognigy's error code; 0 if the answer has none
	Title   string // Cognigy's title of the failure
	TraceID string // by which Cognigy's support finds the request

	// RetryAfter is how long the server asks to wait; 0 if it does not say.
	RetryAfter time.Duration
	// OutcomeUnknown is true if the call may have had its effect in spite of the error.
	OutcomeUnknown bool

	detail     string // what is wrong, in this client's words
	cause      string // what detail leaves out
	challenged bool   // the answer asks for Basic credentials
	err        error  // what the caller of this package returned
}

// Cause returns why there was no answer if Error does not tell, on account of Config.Coarse; otherwise "". It is for the operator's
// log: Error's text is for whoever chose the address.
func (e *Error) Cause() string { return e.cause }

// Unwrap returns what SuperAPIKeySource.Permit returned, or nil.
func (e *Error) Unwrap() error { return e.err }

// AboutCredentials reports whether an error says that Cognigy rejects what a connection authenticates with: no request through the
// connection will do better.
func AboutCredentials(err error) bool {
	failure := AsError(err)
	if failure == nil {
		return false
	}
	switch failure.Kind {
	case Unauthorized, ClientRejected, ScopeRejected, TokenRefused, BasicRejected, SuperAPIKeysOff, OrganisationNotFound:
		return true
	}
	return false
}

// noAnswer is the same for all causes, so that no one can scan the operator's network by connections to its addresses.
const noAnswer = "the host of baseURL gives no complete answer; check its name and port, whether the operator's network leads there, and " +
	"caBundle if a private authority signed its certificate; the operator's log has the cause"

// Error implements error: the method, the route, and what went wrong.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: ", e.Method, e.Route)
	switch {
	case e.Status == 0:
		b.WriteString(e.detail)
	case e.Code == 0:
		fmt.Fprintf(&b, "HTTP %d (%s)", e.Status, e.detail)
	default:
		fmt.Fprintf(&b, "HTTP %d, Cognigy code %d", e.Status, e.Code)
		if e.Title != "" {
			fmt.Fprintf(&b, " %q", e.Title)
		}
	}
	if e.TraceID != "" {
		fmt.Fprintf(&b, ", traceId %s", e.TraceID)
	}
	return b.String()
}

// AsError returns the Error in err's chain, or nil.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return nil
}

// IsKind reports whether err is an Error of that kind.
func IsKind(err error, kind Kind) bool {
	e := AsError(err)
	return e != nil && e.Kind == kind
}

func classify(status, code int) Kind {
	own := code != 0
	switch {
	case status >= 300 && status < 400:
		return Redirected
	case status == http.StatusTooManyRequests:
		return RateLimited
	case status >= 500 || status == http.StatusRequestTimeout || failed(code):
		return Unavailable
	case !own:
		// mutation: proxy-answer-as-not-found
		return Unexpected
	case status == http.StatusUnauthorized:
		return Unauthorized
	case status == http.StatusForbidden, status == http.StatusPaymentRequired:
		return Forbidden
	case status == http.StatusNotFound && isNotFound(code):
		return NotFound
	case status == http.StatusConflict, code == codeConflict:
		return Conflict
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return Unexpected
	default:
		return Invalid
	}
}

// isNotFound reports whether a code, with the status 404, stands for a resource that does not exist. Cognigy's documented example
// shows the code of a missing argument.
func isNotFound(code int) bool { return code == codeNotFound || code == codeMissingArgument }

// failed reports whether an error code, whatever the status, stands for a failure inside Cognigy and not in the request: of a
// database (1001, 1003, 2000, 2001), an internal error, a timeout. The request may have had its effect before.
func failed(code int) bool {
	switch code {
	case 1001, 1003, 1008, 2000, 2001, 8001:
		return true
	}
	return false
}

// refused reports whether an answer proves that a request had no effect: Cognigy's own refusal, or a rate limit.
func (e *Error) refused() bool {
	return e.Kind == RateLimited || (e.Code != 0 && e.Status >= 400 && e.Status < 500 && e.Kind != Unavailable)
}

// describe puts a transport error into words. It quotes only errors that cannot quote an answer: Go's "malformed HTTP response"
// and JSON errors contain parts of what they read. A certificate's names come from outside, too, so that they are bounded. It
// leaves out what differs from one try to the next, such as the local port.
func describe(err error) string {
	var (
		host        hostError
		proxy       proxyError
		certificate *tls.CertificateVerificationError
		name        *net.DNSError
		operation   *net.OpError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return "no answer within the request timeout"
	case errors.As(err, &host):
		return host.Error()
	case errors.As(err, &proxy):
		return proxy.Error()
	case errors.Is(err, http.ErrSchemeMismatch):
		return "the server speaks http, not https; check baseURL"
	case errors.As(err, &certificate):
		return "the operator does not trust the server's certificate; if a private authority signed it, put that authority into caBundle: " +
			printable(certificate.Err.Error(), 300)
	case errors.As(err, &name):
		return printable(fmt.Sprintf("DNS does not resolve the host name %q; check baseURL", name.Name), 300)
	case errors.As(err, &operation):
		lasting := *operation
		lasting.Source = nil
		return printable(lasting.Error(), 300)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed before the answer was complete"
	default:
		return "the exchange broke off"
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
