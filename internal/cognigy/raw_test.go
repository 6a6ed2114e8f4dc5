// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// connections is a server that knows connections only, for what no HTTP server can be brought to do.
type connections struct {
	url      string
	listener net.Listener
	handlers sync.WaitGroup

	mu   sync.Mutex
	open []net.Conn
	// requests are the methods that were received, in order.
	requests []string
}

// accept handles each connection, numbered from 1, and closes it then.
func accept(t *testing.T, handle func(s *connections, number int, conn net.Conn)) *connections {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	s := &connections{url: "http://" + listener.Addr().String(), listener: listener}
	s.handlers.Go(func() {
		for number := 1; ; number++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open = append(s.open, conn)
			s.mu.Unlock()
			s.handlers.Go(func() {
				defer func() { _ = conn.Close() }()
				handle(s, number, conn)
			})
		}
	})
	t.Cleanup(s.stop)
	return s
}

func (s *connections) stop() {
	_ = s.listener.Close()
	s.mu.Lock()
	for _, conn := range s.open {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.handlers.Wait()
}

func (s *connections) accepted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

func (s *connections) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.requests...)
}

func (s *connections) record(method string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, method)
}

// read reads one HTTP/1 request to its end.
func (s *connections) read(from *bufio.Reader) bool {
	request, err := http.ReadRequest(from)
	if err != nil {
		return false
	}
	s.record(request.Method)
	_, err = io.Copy(io.Discard, request.Body)
	return err == nil
}

// say answers every request with the same bytes, and closes the connection.
func say(bytes string) func(*connections, int, net.Conn) {
	return func(s *connections, _ int, conn net.Conn) {
		if s.read(bufio.NewReader(conn)) {
			_, _ = io.WriteString(conn, bytes)
		}
	}
}

// certificateFor makes a certificate that is its own authority, and what to trust for it.
func certificateFor(t *testing.T, names ...string) (tls.Certificate, []byte) {
	t.Helper()
	g := NewWithT(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	g.Expect(err).NotTo(HaveOccurred())
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, IsCA: true, DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	g.Expect(err).NotTo(HaveOccurred())
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func certificateOf(server *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}
