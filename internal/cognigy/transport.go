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
)

const maxHeaderBytes = 64 << 10

// newTransport returns a transport whose every step has a timeout. Connecting needs its own, since net/http goes on to connect
// after the request has timed out.
func newTransport(caBundle []byte, serverName string, timeout time.Duration) (*http.Transport, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: serverName}
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
		// Requests share an HTTP/2 connection. One that died silently must not swallow all of them.
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: timeout, PingTimeout: timeout},
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}, nil
}

// withoutReuse returns a transport with a new connection for each request, for requests that must be sent once. An idle
// connection may be dead, so that the client could not tell whether the server received the request. Besides, net/http logs what a
// server sends on an idle connection beyond the length that it announced, which must not be a part of a plaintext. Over HTTP/2,
// requests that begin at the same time may share a connection, and with it the earlier deadline.
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

// sendBy has the transport write nothing of a request after the context's deadline. The context alone does not ensure that: the
// timers of a process that was paused fire late.
func sendBy(ctx context.Context) context.Context {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ctx
	}
	return context.WithValue(ctx, sendByKey{}, deadline) // net/http dials without the deadline, but with the values
}

// punctual is a connection that writes nothing after a deadline, and drops what the kernel has not sent by then.
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
		_ = tcp.SetLinger(0) // without this, the kernel would go on to send for minutes
	}
	return p.Conn.Close()
}

// newHTTPClient returns a client that follows no redirect, since Go forwards custom headers such as X-API-Key to the new host, and
// repeats a POST on 307 and 308.
func newHTTPClient(transport http.RoundTripper, timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     transport,
	}
}

// proxyError is the HTTP status by which a proxy refuses to connect.
type proxyError int

func (e proxyError) Error() string {
	return fmt.Sprintf("the proxy answers HTTP %d; check HTTPS_PROXY and NO_PROXY of the operator, and what the proxy permits", int(e))
}

// checkProxy keeps the proxy's own words out of the error: net/http would quote them.
func checkProxy(_ context.Context, _ *url.URL, _ *http.Request, response *http.Response) error {
	if response.StatusCode != http.StatusOK {
		return proxyError(response.StatusCode)
	}
	return nil
}
