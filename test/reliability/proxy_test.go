// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"k8s.io/client-go/util/cert"
)

// certificate is what proxies identify themselves with, made up for this run.
type certificate struct {
	pair tls.Certificate
	ca   []byte // PEM
}

func newCertificate() (*certificate, error) {
	ca, key, err := cert.GenerateSelfSignedCertKey("127.0.0.1", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(ca, key)
	return &certificate{pair: pair, ca: ca}, err
}

// proxy stands between the operator and a server. Effects pass through the injector, what is watched and listed through the view;
// all else streams through.
type proxy struct {
	url      string
	upstream *url.URL
	wire     http.RoundTripper
	stream   *httputil.ReverseProxy
	effect   func(*http.Request) (string, bool)
	injector *injector
	view     *view
	server   *http.Server
}

// callTimeout bounds what the proxy asks for on behalf of a process that may be dead.
const callTimeout = 30 * time.Second

func startProxy(upstream string, roots []byte, effect func(*http.Request) (string, bool), injector *injector, view *view) (*proxy, error) {
	target, err := url.Parse(upstream)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(roots)
	wire := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true, DisableCompression: true,
	}
	p := &proxy{upstream: target, wire: wire, effect: effect, injector: injector, view: view}
	silent := log.New(io.Discard, "", 0) // killed processes leave broken connections
	p.stream = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     wire,
		FlushInterval: -1,
		ErrorLog:      silent,
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.url = "https://" + listener.Addr().String()
	p.server = &http.Server{
		Handler: p, ErrorLog: silent, ReadHeaderTimeout: callTimeout, ConnContext: injector.tagConnection,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{identity.pair}, MinVersion: tls.VersionTLS12},
	}
	go func() { _ = p.server.ServeTLS(listener, "", "") }() // ends with close
	return p, nil
}

func (p *proxy) close() {
	_ = p.server.Close()
	p.wire.(*http.Transport).CloseIdleConnections()
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := p.effect(r)
	switch {
	case ok:
	case watching(r):
		p.watch(w, r)
		return
	case listing(r):
		p.list(w, r)
		return
	default:
		at := time.Now()
		p.stream.ServeHTTP(w, r)
		p.injector.observer.read(r.URL.Path, at)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	x := &exchange{effect: name, path: r.URL.Path, body: body, deliver: func(a answer) { a.write(w) }}
	x.forward = func() (answer, error) { return p.forward(r, body) }
	if err := p.injector.forward(r.Context(), x); err != nil {
		panic(http.ErrAbortHandler) // cuts the connection: the process that sent the request is dead, or gets no answer
	}
}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
	_ = http.NewResponseController(w).Flush() // fails only when the operator has left
}

// forward carries a request out to its end, whatever becomes of the process that sent it, so that its outcome is known.
func (p *proxy) forward(r *http.Request, body []byte) (answer, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), callTimeout)
	defer cancel()
	response, err := p.send(ctx, r, body)
	if err != nil {
		return answer{}, err
	}
	read, err := io.ReadAll(response.Body)
	err = errors.Join(err, response.Body.Close())
	response.Header.Del("Connection")
	response.Header.Del("Transfer-Encoding")
	return answer{status: response.StatusCode, header: response.Header, body: read}, err
}

func (p *proxy) send(ctx context.Context, r *http.Request, body []byte) (*http.Response, error) {
	out := r.Clone(ctx)
	out.URL.Scheme, out.URL.Host, out.Host, out.RequestURI = p.upstream.Scheme, p.upstream.Host, "", ""
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	for _, name := range []string{"Connection", "Accept-Encoding", "Content-Length", "Transfer-Encoding"} {
		out.Header.Del(name)
	}
	return p.wire.RoundTrip(out)
}
