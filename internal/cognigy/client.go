// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cognigy is a client for the part of the Cognigy.AI REST API that manages the API keys of Endpoints
// (https://api-trial.cognigy.ai/openapi). It knows nothing of Kubernetes. Calls that are idempotent are repeated a few
// times; creating a key never is.
package cognigy

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/go-retryablehttp"
)

// maxBodyBytes bounds what is read of an answer: some ten thousand keys in a list.
const maxBodyBytes = 4 << 20

// maxRetryAfter bounds what a server may ask for: one wrong header must not put anything off for years.
const maxRetryAfter = time.Hour

// Config says how to reach Cognigy.
type Config struct {
	BaseURL           string
	APIKey            Sensitive
	CABundle          []byte // PEM; the system's authorities if empty
	AllowInsecureHTTP bool
	Timeout           time.Duration // of one request
	UserAgent         string
}

// Client calls Cognigy. It is safe for concurrent use.
type Client struct {
	base      *url.URL
	apiKey    Sensitive
	userAgent string
	once      *http.Client
	retrying  *retryablehttp.Client
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
		base: base, apiKey: config.APIKey, userAgent: config.UserAgent,
		once:     newHTTPClient(withoutReuse(transport), config.Timeout),
		retrying: newRetrying(newHTTPClient(transport, config.Timeout)),
	}, nil
}

// Close releases idle connections.
func (c *Client) Close() { c.retrying.HTTPClient.CloseIdleConnections() }

// call is one request and what is expected of its answer.
type call struct {
	method string
	route  string   // template of the path below the API's root, for errors and metrics too
	ids    []string // fill the route's placeholders
	query  url.Values
	body   any // sent as JSON unless nil
	answer any // decoded from JSON unless nil
}

// path fills the route's placeholders. Nothing but ids is let in: "..", say, would lead to another route.
func (c call) path() (string, error) {
	path := c.route
	for _, id := range c.ids {
		if !idPattern.MatchString(id) {
			return "", &Error{
				Kind: Invalid, Method: c.method, Route: c.route,
				detail: "the id of an Endpoint or key has 24 lower-case letters and digits; nothing was sent",
			}
		}
		before, rest, _ := strings.Cut(path, "{")
		_, after, _ := strings.Cut(rest, "}")
		path = before + id + after
	}
	return path, nil
}

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
		// This body is the connection itself: reading it ends neither with a timeout nor with the context.
		return answerError(call, response, nil)
	}
	// One byte more than is allowed tells a long answer from one that just fits.
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBodyBytes+1))
	if err != nil {
		return c.transportError(call, err, sent)
	}
	if response.StatusCode < 200 || response.StatusCode >= 300 {
		return answerError(call, response, body)
	}
	if call.answer == nil {
		return nil
	}
	if len(body) > maxBodyBytes {
		return unexpected(call, response.StatusCode, "the answer is longer than 4 MiB")
	}
	if err := json.Unmarshal(body, call.answer); err != nil {
		return unexpected(call, response.StatusCode, "the answer is not the JSON that Cognigy documents; check baseURL and the proxies in between")
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
	// Without GetBody, net/http cannot send the body a second time on another connection.
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
	// mutation: repeat-post
	if request.Method == http.MethodPost {
		return c.once.Do(request.WithContext(sendBy(request.Context())))
	}
	retryable, err := retryablehttp.FromRequest(request)
	if err != nil {
		return nil, err
	}
	return c.retrying.Do(retryable)
}

func (c *Client) transportError(call call, err error, sent bool) error {
	return &Error{
		Kind: Unavailable, Method: call.method, Route: call.route,
		OutcomeUnknown: sent, detail: describe(err),
	}
}

func unexpected(call call, status int, detail string) error {
	return &Error{
		Kind: Unexpected, Method: call.method, Route: call.route, Status: status,
		OutcomeUnknown: true, detail: detail,
	}
}

// problem is the part of an RFC 7807 body that is used.
type problem struct {
	Title   string `json:"title"`
	TraceID string `json:"traceId"`
	Code    int    `json:"code"`
}

func answerError(call call, response *http.Response, body []byte) error {
	var problem problem
	if json.Unmarshal(body, &problem) != nil {
		problem.Code = 0
	}
	failure := &Error{
		Kind: classify(response.StatusCode, problem.Code), Method: call.method, Route: call.route,
		Status: response.StatusCode, Code: problem.Code,
		RetryAfter: retryAfter(response.Header.Get("Retry-After"), time.Now()),
		detail:     "without an error code of Cognigy's: something in front of it answered",
	}
	if problem.Code != 0 {
		failure.Title = printable(problem.Title, 100)
		failure.TraceID = printable(problem.TraceID, 100)
	}
	// mutation: error-quotes-body
	if failure.Kind == Redirected {
		failure.detail = "a redirect, which is not followed; set baseURL to the address it leads to"
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
