// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cognigy is a client for the part of the Cognigy.AI REST API that manages the API keys of Endpoints
// (https://api-trial.cognigy.ai/openapi). It knows nothing of Kubernetes. It sends each request once: callers decide whether and
// when to repeat one, so that no request escapes their rate limit.
package cognigy

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// Config says how to reach Cognigy.
type Config struct {
	BaseURL           string
	Authenticator     Authenticator
	CABundle          []byte // PEM; the system's authorities if empty
	ServerName        string // that certificates have to be for; the host of BaseURL if empty
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
	// Account is told of each request beyond the one that a caller asked for, so that it counts for the rate limit, too: one for a
	// token, and one that is sent again with another token. It may be nil.
	Account func()
	// Observe is told of each request, with the context of the call that caused it. It may be nil.
	Observe func(context.Context, Exchange)
}

// Client calls Cognigy. It is safe for concurrent use.
type Client struct{ current atomic.Pointer[exchanger] }

// New returns a client, or an error that says which field of the configuration cannot be used.
func New(config Config) (*Client, error) {
	c := &Client{}
	if err := c.Configure(config); err != nil {
		return nil, err
	}
	return c, nil
}

// Configure replaces the configuration for every request that is sent from now on, also by those who have the client already: none
// uses credentials that were replaced. It changes nothing if it returns an error, which says which field cannot be used.
func (c *Client) Configure(config Config) error {
	base, err := parseBaseURL(config.BaseURL, config.AllowInsecureHTTP)
	if err != nil {
		return err
	}
	transport, err := newTransport(config.CABundle, config.ServerName, config.Timeout)
	if err != nil {
		return err
	}
	before := c.current.Swap(&exchanger{
		base: base, authenticator: config.Authenticator, userAgent: config.UserAgent, timeout: config.Timeout, large: config.LargeAnswers,
		coarse: config.Coarse, account: config.Account, observe: config.Observe,
		once:       newHTTPClient(restricted{withoutReuse(transport), config.AllowedHosts}, config.Timeout),
		idempotent: newHTTPClient(restricted{transport, config.AllowedHosts}, config.Timeout),
	})
	if before != nil {
		before.idempotent.CloseIdleConnections()
	}
	return nil
}

// Close releases idle connections.
func (c *Client) Close() { c.current.Load().idempotent.CloseIdleConnections() }

// do sends a call. If Cognigy rejects a token, it sends the call once more with another one, but never the POST of a key, after which
// it only drops the token.
func (c *Client) do(ctx context.Context, call call) error {
	rejected, err := c.try(ctx, call)
	// mutation: repeat-post-after-401
	if !rejected || call.method == http.MethodPost {
		return err
	}
	c.current.Load().accountForRequest()
	if _, again := c.try(ctx, call); !IsKind(again, NoToken) {
		return again
	}
	return err // there is no other token yet, so that Cognigy's own word says more
}

// try sends a call once. It reports whether Cognigy rejected a token, in place of which there may be another one now.
func (c *Client) try(ctx context.Context, call call) (rejected bool, err error) {
	for {
		current := c.current.Load()
		request, err := current.authenticated(ctx, call)
		// mutation: send-replaced-credentials
		if c.current.Load() != current {
			continue // the configuration was replaced while the request waited for a token
		}
		if err != nil {
			return false, err
		}
		err = current.exchange(request, call)
		if failure := AsError(err); failure != nil && failure.Status == http.StatusUnauthorized {
			rejected = current.authenticator.reject(request)
		}
		return rejected, err
	}
}
