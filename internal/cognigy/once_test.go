// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

const newKey = `{"_id":"` + endpointID + `","key":"canary-plaintext","keyPreview":"cana••••••••text"}`

func httpAnswer(status int, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Length: %d\r\n\r\n%s", status, http.StatusText(status), len(body), body)
}

// net/http repeats requests by itself when an idle connection turns out to be dead. A POST that got lost in one
// would also leave open whether it arrived, although nothing is wrong with Cognigy.
func TestPOSTDoesNotUseAConnectionThatMayBeDead(t *testing.T) {
	g := NewWithT(t)
	server := accept(t, func(s *connections, _ int, conn net.Conn) {
		from := bufio.NewReader(conn)
		if s.read(from) {
			body := "[]"
			if s.received()[len(s.received())-1] == http.MethodPost {
				body = newKey
			}
			_, _ = io.WriteString(conn, httpAnswer(200, body))
			s.read(from) // and answers no second request
		}
	})
	client := newClient(t, server.url)
	_, err := client.ListKeys(t.Context(), endpointID, everything)
	g.Expect(err).NotTo(HaveOccurred())
	made, err := client.CreateKey(t.Context(), endpointID, keyName)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(made.Plaintext.Reveal()).To(Equal("canary-plaintext"))
	_, err = client.ListKeys(t.Context(), endpointID, everything)
	g.Expect(err).NotTo(HaveOccurred(), "net/http repeats a GET on a connection that was dead")
	g.Expect(server.received()).To(Equal([]string{"GET", "POST", "GET", "GET"}))
}

func TestPOSTIsSentOnceWhateverTheServerDoes(t *testing.T) {
	cases := []struct {
		why, reply string
		unknown    bool
	}{
		{"closes without a word", "", true},
		{"begins to answer", "HTTP/1.1 201 Created\r\nX-", true},
		{"answers in part", "HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n" + newKey, true},
		{"answers in part, chunked", "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + newKey, true},
		{"speaks something else", "SSH-2.0-canary\r\n", true},
		{"wants to be asked again", "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", true},
		{"wants the request on another connection", "HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n", true},
		{"wants it later", "HTTP/1.1 425 Too Early\r\nContent-Length: 0\r\n\r\n", true},
		{"wants it later, and says when", "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n", true},
		{"limits the rate", "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n", false},
		{"wants another login", "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", true},
		{"wants another protocol", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: canary\r\n\r\n", true},
		{"wants another body first", "HTTP/1.1 100 Continue\r\n\r\n", true},
		{"redirects, keeping the method", "HTTP/1.1 307 Temporary Redirect\r\nLocation: /canary\r\nContent-Length: 0\r\n\r\n", true},
		{"redirects for good", "HTTP/1.1 308 Permanent Redirect\r\nLocation: /canary\r\nContent-Length: 0\r\n\r\n", true},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			server := accept(t, say(c.reply))
			_, err := newClient(t, server.url).CreateKey(t.Context(), endpointID, keyName)
			g.Expect(failure(t, err).OutcomeUnknown).To(Equal(c.unknown))
			g.Expect(server.received()).To(Equal([]string{"POST"}))
			g.Expect(server.accepted()).To(Equal(1))
		})
	}
}

// HTTP/2 allows a client to repeat what a server says it has not seen. Whether it has seen it is the server's word.
func TestPOSTIsSentOnceOverHTTP2(t *testing.T) {
	const (
		frameData, frameHeaders, frameReset, frameSettings, frameGoAway = 0x0, 0x1, 0x3, 0x4, 0x7
		endStream, refusedStream                                        = 0x1, 0x7
	)
	frame := func(kind byte, stream uint32, payload []byte) []byte {
		header := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))[1:]
		return append(binary.BigEndian.AppendUint32(append(header, kind, 0), stream), payload...)
	}
	goAway := func(lastStream uint32) []byte {
		payload := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, lastStream), 0)
		return frame(frameGoAway, 0, append(payload, canary...))
	}
	cases := []struct {
		why   string
		reply []byte
	}{
		{"GOAWAY: the server is about to stop, and has not seen the request", goAway(0)},
		{"GOAWAY: it has seen it, and stops before it answers", goAway(1)},
		{"the stream is refused", frame(frameReset, 1, binary.BigEndian.AppendUint32(nil, refusedStream))},
		{"the stream is reset", frame(frameReset, 1, binary.BigEndian.AppendUint32(nil, 2))},
		{"the connection is closed", nil},
	}
	certificate, caBundle := certificateFor(t)
	settings := &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			server := accept(t, func(s *connections, _ int, plain net.Conn) {
				conn := tls.Server(plain, settings)
				preface := make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
				if _, err := io.ReadFull(conn, preface); err != nil {
					return
				}
				_, _ = conn.Write(frame(frameSettings, 0, nil))
				for {
					header := make([]byte, 9)
					if _, err := io.ReadFull(conn, header); err != nil {
						return
					}
					length := int64(binary.BigEndian.Uint32(append([]byte{0}, header[:3]...)))
					if _, err := io.CopyN(io.Discard, conn, length); err != nil {
						return
					}
					if header[3] == frameHeaders {
						s.record("HEADERS")
					}
					if header[3] == frameData && header[4]&endStream != 0 {
						_, _ = conn.Write(c.reply)
						_ = conn.CloseWrite()
					}
				}
			})
			client := newClient(t, strings.Replace(server.url, "http", "https", 1), trusting(caBundle))
			_, err := client.CreateKey(t.Context(), endpointID, keyName)
			failed := failure(t, err)
			g.Expect(failed.Kind).To(Equal(cognigy.Unavailable))
			g.Expect(failed.OutcomeUnknown).To(BeTrue())
			g.Expect(server.received()).To(Equal([]string{"HEADERS"}))
		})
	}
}

func TestLifeOfAKeyOverHTTP2(t *testing.T) {
	g := NewWithT(t)
	r := start(t)
	var overHTTP2 atomic.Int32
	behind := r.gateway(t)
	address, caBundle := serveTLS(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.ProtoMajor == 2 {
			overHTTP2.Add(1)
		}
		behind.ServeHTTP(w, q)
	}))
	r.client = newClient(t, address, trusting(caBundle))
	made := r.mustCreate(t)
	g.Expect(r.list(t)).To(ConsistOf(made.Key))
	g.Expect(r.client.DeleteKey(t.Context(), r.endpointID, made.ID)).To(Succeed())
	g.Expect(r.list(t)).To(BeEmpty())
	g.Expect(overHTTP2.Load()).To(BeEquivalentTo(4))
}

// Bytes beyond the length that a server announced are something that net/http finds on the kept connection later, and
// writes to the standard logger.
func TestPlaintextBeyondTheAnnouncedLengthIsNotLogged(t *testing.T) {
	g := NewWithT(t)
	gone := make(chan struct{})
	server := accept(t, func(s *connections, _ int, conn net.Conn) {
		defer close(gone)
		from := bufio.NewReader(conn)
		if !s.read(from) {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"+newKey)
		_, _ = io.Copy(io.Discard, from) // until the client closes
	})
	_, err := newClient(t, server.url).CreateKey(t.Context(), endpointID, keyName)
	g.Expect(failure(t, err).OutcomeUnknown).To(BeTrue())
	within(t, "the client closes a connection with rubbish on it", gone)
	g.Expect(bytes.Contains(logged.Bytes(), []byte(canary))).To(BeFalse(), "the standard logger was told the plaintext")
}
