// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// calls are all that a client can do, by HTTP method.
func calls(t *testing.T, client *cognigy.Client) map[string]func() error {
	return map[string]func() error{
		http.MethodPost: func() error {
			_, err := client.CreateKey(t.Context(), endpointID, keyName)
			return err
		},
		http.MethodGet: func() error {
			_, err := client.ListKeys(t.Context(), endpointID, everything)
			return err
		},
		http.MethodDelete: func() error { return client.DeleteKey(t.Context(), endpointID, absentID) },
		"probe":           func() error { return client.Probe(t.Context()) },
	}
}

func TestRequestTimeout(t *testing.T) {
	cases := []struct{ why, reply string }{
		{"the server says nothing", ""},
		{"headers do not end", "HTTP/1.1 200 OK\r\nX-"},
		{"headers, and no body", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"},
		{"a body that does not end", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n["},
		{"the body of an error that does not end", "HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\n{"},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			server := accept(t, func(s *connections, _ int, conn net.Conn) {
				from := bufio.NewReader(conn)
				if s.read(from) {
					_, _ = io.WriteString(conn, c.reply)
					_, _ = io.Copy(io.Discard, from) // until the client closes
				}
			})
			const short = time.Second // enough for a busy machine to send the request
			client := newClient(t, server.url, timeout(short))
			for _, method := range []string{http.MethodPost, http.MethodGet} {
				begun := time.Now()
				failed := failure(t, calls(t, client)[method]())
				g.Expect(failed.Kind).To(Equal(cognigy.Unavailable))
				g.Expect(failed.OutcomeUnknown).To(BeTrue())
				g.Expect(failed).To(MatchError(ContainSubstring("no answer within the request timeout")))
				g.Expect(time.Since(begun)).To(And(BeNumerically(">=", short), BeNumerically("<", patience)))
			}
			g.Expect(server.received()).To(Equal([]string{"POST", "GET"}), "what takes long is not repeated")
		})
	}
}

// net/http hands out the bare connection as the body of a 101. Reading it ends with no timeout and no cancellation.
func TestUpgradeThatNobodyAskedFor(t *testing.T) {
	for _, protocol := range []string{"canary", "websocket", "h2c"} {
		server := accept(t, func(s *connections, _ int, conn net.Conn) {
			from := bufio.NewReader(conn)
			if s.read(from) {
				_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: "+protocol+"\r\n\r\n{")
				_, _ = io.Copy(io.Discard, from) // until the client closes
			}
		})
		for method, call := range calls(t, newClient(t, server.url, timeout(2*time.Second))) {
			t.Run(protocol+" "+method, func(t *testing.T) {
				g := NewWithT(t)
				ended := make(chan error, 1)
				go func() { ended <- call() }()
				var err error
				g.Eventually(ended).WithTimeout(patience).Should(Receive(&err))
				failed := failure(t, err)
				g.Expect(failed.Kind).To(Equal(cognigy.Unexpected))
				g.Expect(failed.OutcomeUnknown).To(BeTrue())
			})
		}
	}
}

// net/http goes on establishing a connection when the request that it was for has timed out. A server that accepts
// connections and says nothing would collect one with each request, until no file descriptor is left.
func TestConnectionsThatAreNeverEstablishedAreGivenUp(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		t.Run(method, func(t *testing.T) {
			g := NewWithT(t)
			var left atomic.Int32
			server := accept(t, func(_ *connections, _ int, conn net.Conn) {
				_, _ = io.Copy(io.Discard, conn) // until the client closes
				left.Add(1)
			})
			client := newClient(t, strings.Replace(server.url, "http", "https", 1), timeout(200*time.Millisecond))
			for range 3 {
				failed := failure(t, calls(t, client)[method]())
				g.Expect(failed.Kind).To(Equal(cognigy.Unavailable))
				g.Expect(failed.OutcomeUnknown).To(BeFalse(), "the handshake is not over: nothing was sent")
			}
			g.Eventually(left.Load).WithTimeout(patience).Should(BeEquivalentTo(server.accepted()))
		})
	}
}

// All requests to one host share an HTTP/2 connection. If the network swallows it, say because a NAT forgot it, each would
// time out in turn until TCP gives up, a quarter of an hour later.
func TestSilentHTTP2ConnectionIsReplaced(t *testing.T) {
	g := NewWithT(t)
	r := start(t)
	behind, caBundle := serveTLS(t, r.gateway(t))
	var swallow atomic.Bool
	network := accept(t, func(_ *connections, number int, conn net.Conn) {
		target, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(behind, "https://"))
		if err != nil {
			return
		}
		defer func() { _ = target.Close() }()
		go func() { _, _ = io.Copy(conn, target) }()
		chunk := make([]byte, 32<<10)
		for {
			n, err := conn.Read(chunk)
			if err != nil {
				return
			}
			if number == 1 && swallow.Load() {
				continue
			}
			if _, err := target.Write(chunk[:n]); err != nil {
				return
			}
		}
	})
	r.client = newClient(t, strings.Replace(network.url, "http", "https", 1), trusting(caBundle), timeout(time.Second))
	g.Expect(r.list(t)).To(BeEmpty())
	g.Expect(network.accepted()).To(Equal(1))
	swallow.Store(true)
	// At every time one of the two is waiting for an answer, so that the connection is never idle and closed for that.
	var callers sync.WaitGroup
	for caller := range 2 {
		callers.Go(func() {
			<-time.After(time.Duration(caller) * 150 * time.Millisecond)
			for begun := time.Now(); time.Since(begun) < patience; {
				if _, err := r.list(t); err == nil {
					return
				}
			}
			t.Error("requests keep going into the dead connection")
		})
	}
	callers.Wait()
}
