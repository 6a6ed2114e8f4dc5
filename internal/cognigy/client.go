// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cognigy is a client for the part of the Cognigy.AI REST API that manages the API keys of Endpoints
// (https://api-trial.cognigy.ai/openapi). It knows nothing of Kubernetes. It sends each request once: callers decide whether and
// when to repeat one, so that no request escapes their rate limit.
package cognigy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sync/semaphore"
)

// maxRetryAfter is the longest wait that a server may ask for, so that one wrong header does not put a request off for years.
const maxRetryAfter = time.Hour

// Config says how to reach Cognigy.
type Config struct {
	BaseURL           string
	APIKey            Sensitive
	CABundle          []byte // PEM; the system's authorities if empty
	AllowInsecureHTTP bool
	Timeout           time.Duration // of one request
	UserAgent         string
	// LargeAnswers bounds how many answers of more than 60 kB are read and decoded at a time, also by other clients that share it;
	// nil does not bound them.
	LargeAnswers *semaphore.Weighted
	// AllowedHosts are the only hosts that requests are sent to, unless it is empty. Each is host:port in lower case, where *. at
	// the beginning stands for one or more labels.
	AllowedHosts []string
	// Coarse keeps the reason why there was no answer out of the text of errors. Whoever chose the address may not be entitled to
	// find out what listens in the operator's network. Error.Cause has the reason.
	Coarse bool
}

// Client calls Cognigy. It is safe for concurrent use.
type Client struct {
	base      *url.URL
	apiKey    Sensitive
	userAgent string
	timeout   time.Duration
	large     *semaphore.Weighted
	coarse    bool
	// once sends what must be sent once, idempotent everything else.
	once, idempotent *http.Client
}

// New returns a client, or an error that says which field of the configuration cannot be used.
func New(config Config) (*Client, error) {
	base, err := parseBaseURL(config.BaseURL, config.AllowInsecureHTTP)
	if err != nil {
		return nil, err
	}
	transport, err := newTransport(config.CABundle, config.Timeout)
	if err != nil {
		return nil, err
	}
	return &Client{
		base: base, apiKey: config.APIKey, userAgent: config.UserAgent, timeout: config.Timeout, large: config.LargeAnswers,
		coarse:     config.Coarse,
		once:       newHTTPClient(restricted{withoutReuse(transport), config.AllowedHosts}, config.Timeout),
		idempotent: newHTTPClient(restricted{transport, config.AllowedHosts}, config.Timeout),
	}, nil
}

// Close releases idle connections.
func (c *Client) Close() { c.idempotent.CloseIdleConnections() }

func (c *Client) do(ctx context.Context, call call) error {
	sent := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent = true }})
	request, err := c.newRequest(ctx, call)
	if err != nil {
		return err
	}
	response, err := c.send(request)
	if err != nil {
		return c.transportError(call, err, sent)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusSwitchingProtocols {
		// This body is the connection itself: neither a timeout nor the context ends a read of it.
		return answerError(call, response, nil)
	}
	answer, done, err := c.open(ctx, response.Body)
	defer done()
	if err != nil {
		return c.transportError(call, err, sent)
	}
	served := response.StatusCode >= 200 && response.StatusCode < 300
	if served && call.each != nil {
		return c.readList(call, response.StatusCode, answer)
	}
	// The byte beyond the limit tells an answer that is too long from one that just fits.
	body, err := io.ReadAll(io.LimitReader(answer, maxBodyBytes+1))
	if err != nil {
		return c.transportError(call, err, sent)
	}
	if !served {
		return answerError(call, response, body)
	}
	if call.answer == nil {
		return nil
	}
	if len(body) > maxBodyBytes {
		return unexpected(call, response.StatusCode, "the answer is longer than 4 MiB")
	}
	if err := json.Unmarshal(body, call.answer); err != nil {
		return unexpected(call, response.StatusCode, undocumented)
	}
	return nil
}

func (c *Client) newRequest(ctx context.Context, call call) (*http.Request, error) {
	path, err := call.path()
	if err != nil {
		return nil, err
	}
	target := c.base.JoinPath(path)
	target.RawQuery = call.query.Encode()
	var body io.Reader
	if call.body != nil {
		encoded, err := json.Marshal(call.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, call.method, target.String(), body)
	if err != nil {
		return nil, err
	}
	// Without GetBody, net/http cannot send the body again on another connection.
	request.GetBody = nil
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", c.userAgent)
	request.Header.Set("X-API-Key", c.apiKey.Reveal())
	if call.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

func (c *Client) send(request *http.Request) (*http.Response, error) {
	if request.Method == http.MethodPost {
		return c.once.Do(request.WithContext(sendBy(request.Context())))
	}
	return c.idempotent.Do(request)
}

func (c *Client) transportError(call call, err error, sent bool) error {
	failure := &Error{
		Kind: Unavailable, Method: call.method, Route: call.route,
		OutcomeUnknown: sent, detail: describe(err),
	}
	if _, refused := errors.AsType[hostError](err); refused {
		failure.Kind = HostNotAllowed
	} else if c.coarse {
		// mutation: tell-tenants-about-the-network
		failure.detail, failure.cause = noAnswer, failure.detail
	}
	return failure
}

// undocumented says what is wrong with an answer that cannot be decoded.
const undocumented = "the answer is not the JSON that Cognigy documents; check baseURL and the proxies on the way"

func unexpected(call call, status int, detail string) error {
	return &Error{
		Kind: Unexpected, Method: call.method, Route: call.route, Status: status,
		OutcomeUnknown: true, detail: detail,
	}
}

func answerError(call call, response *http.Response, body []byte) error {
	problem, code := readProblem(response.StatusCode, body)
	failure := &Error{
		Kind: classify(response.StatusCode, code), Method: call.method, Route: call.route,
		Status: response.StatusCode, Code: code, Title: printable(problem.Title, 100), TraceID: printable(problem.TraceID, 100),
		RetryAfter: retryAfter(response.Header.Get("Retry-After"), time.Now()),
		detail:     "not in the form of Cognigy's errors: something in front of it answered",
	}
	// mutation: error-quotes-body
	if failure.Kind == Redirected {
		failure.detail = "a redirect, which the operator does not follow"
	}
	failure.OutcomeUnknown = !failure.refused()
	return failure
}

// retryAfter reads the header's two forms: seconds, or an HTTP date.
func retryAfter(header string, now time.Time) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.Atoi(header); err == nil {
		wait = time.Duration(min(max(seconds, 0), int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// printable bounds a text that comes from outside.
func printable(text string, limit int) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text)
	if runes := []rune(clean); len(runes) > limit {
		return string(runes[:limit])
	}
	return clean
}
