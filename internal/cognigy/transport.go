// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	maxHeaderBytes = 64 << 10
	retries        = 3
	// The wait before a repetition is a random one between these two, times the number of the repetition: 2.4 s in all at most.
	shortestWait = 200 * time.Millisecond
	longestWait  = 400 * time.Millisecond
)

// newTransport returns a transport on which nothing lasts for ever. Establishing a connection needs a limit of its own:
// net/http goes on with it when the request that it was meant for has timed out.
func newTransport(caBundle []byte, timeout time.Duration) (*http.Transport, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(caBundle) > 0 {
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(caBundle) {
			return nil, errors.New("caBundle holds no PEM certificate; paste the bundle that begins with -----BEGIN CERTIFICATE-----, base64-encoded")
		}
	}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: checkProxy,
		DialContext:            (&net.Dialer{Timeout: timeout}).DialContext,
		TLSClientConfig:        settings,
		TLSHandshakeTimeout:    timeout,
		ForceAttemptHTTP2:      true,
		// Requests share an HTTP/2 connection. One that has died silently must not swallow all of them.
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: timeout, PingTimeout: timeout},
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}, nil
}

// withoutReuse returns a transport with a new connection for each request, for what must be sent once. A kept connection
// may be dead, which leaves open whether a request was received. And what a server sends on one beyond the length that it
// announced, net/http writes to the log: no such bytes may be those of a plaintext. Over HTTP/2, requests that begin at the same
// time may share one, and with it the earlier deadline.
func withoutReuse(transport *http.Transport) *http.Transport {
	single := transport.Clone()
	single.DisableKeepAlives = true
	single.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := transport.DialContext(ctx, network, address)
		if deadline, ok := ctx.Value(sendByKey{}).(time.Time); ok && err == nil {
			conn = &punctual{Conn: conn, deadline: deadline}
		}
		return conn, err
	}
	return single
}

type sendByKey struct{}

// sendBy keeps a request from being written after the context's deadline. The context alone does not: a process that was paused
// goes on where it was, and learns from its timers only later how late it is.
func sendBy(ctx context.Context) context.Context {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ctx
	}
	return context.WithValue(ctx, sendByKey{}, deadline) // net/http dials without the deadline, but with the values
}

// punctual is a connection on which nothing is written after a deadline, and what the kernel has not sent by then is dropped.
type punctual struct {
	net.Conn
	deadline time.Time
}

// Write implements net.Conn.
func (p *punctual) Write(b []byte) (int, error) {
	// mutation: post-after-deadline
	if !time.Now().Before(p.deadline) {
		return 0, os.ErrDeadlineExceeded
	}
	return p.Conn.Write(b)
}

// Close implements net.Conn.
func (p *punctual) Close() error {
	if tcp, ok := p.Conn.(*net.TCPConn); ok && !time.Now().Before(p.deadline) {
		_ = tcp.SetLinger(0) // without this, the kernel would go on to send what it has for minutes
	}
	return p.Conn.Close()
}

// newHTTPClient returns a client that follows no redirect: Go forwards custom headers such as X-API-Key to the host that
// it is sent to, and repeats a POST on 307 and 308.
func newHTTPClient(transport *http.Transport, timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     transport,
	}
}

// proxyError is the HTTP status by which a proxy refuses to connect.
type proxyError int

func (e proxyError) Error() string {
	return fmt.Sprintf("the proxy answers HTTP %d; check HTTPS_PROXY and NO_PROXY of the operator, and what the proxy allows", int(e))
}

// checkProxy keeps the proxy's own words out of the error, which net/http would make of them.
func checkProxy(_ context.Context, _ *url.URL, _ *http.Request, response *http.Response) error {
	if response.StatusCode != http.StatusOK {
		return proxyError(response.StatusCode)
	}
	return nil
}

// newRetrying wraps a client for idempotent requests.
func newRetrying(client *http.Client) *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient:   client,
		RetryMax:     retries,
		RetryWaitMin: shortestWait,
		RetryWaitMax: longestWait,
		CheckRetry:   shouldRetry,
		Backoff:      retryablehttp.LinearJitterBackoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// shouldRetry leaves to the caller what takes long: timeouts, rate limits and servers that say when to come back.
func shouldRetry(ctx context.Context, response *http.Response, err error) (bool, error) {
	if err != nil && isTimeout(err) {
		return false, nil
	}
	if response != nil && (response.StatusCode == http.StatusTooManyRequests || response.Header.Get("Retry-After") != "") {
		return false, nil
	}
	retry, _ := retryablehttp.DefaultRetryPolicy(ctx, response, err)
	return retry, nil
}
