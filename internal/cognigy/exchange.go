// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"golang.org/x/sync/semaphore"
)

// exchanger is a client with one configuration.
type exchanger struct {
	base          *url.URL
	authenticator Authenticator
	userAgent     string
	timeout       time.Duration
	large         *semaphore.Weighted
	coarse        bool
	account       func()
	observe       func(context.Context, Exchange)
	// once sends what must be sent once, idempotent everything else.
	once, idempotent *http.Client
}

func (c *exchanger) accountForRequest() {
	if c.account != nil {
		c.account()
	}
}

// exchange sends a request, and reads its answer.
func (c *exchanger) exchange(request *http.Request, call call) error {
	began := time.Now()
	err := c.sendAndRead(request, call)
	c.told(request.Context(), call, began, err)
	return err
}

func (c *exchanger) sendAndRead(request *http.Request, call call) error {
	sent, ctx := false, request.Context()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent = true }})
	response, err := c.send(request.WithContext(ctx))
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

func (c *exchanger) newRequest(ctx context.Context, call call) (*http.Request, error) {
	path, err := call.path()
	if err != nil {
		return nil, err
	}
	target := c.base.JoinPath(cmp.Or(call.root, apiRoot), path)
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
	if call.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

func (c *exchanger) send(request *http.Request) (*http.Response, error) {
	if request.Method == http.MethodPost {
		return c.once.Do(request.WithContext(sendBy(request.Context())))
	}
	return c.idempotent.Do(request)
}

func (c *exchanger) transportError(call call, err error, sent bool) error {
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
