// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

const mebibyte = 1 << 20

// allocated is how many bytes this process allocates while it runs f, garbage included: a bound on what the client takes.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A user who can create a connection can point it at a server of theirs, which must not be able to have the operator killed for
// its use of memory.
func TestMemoryIsBounded(t *testing.T) {
	const most = 48 * mebibyte
	r := start(t)
	r.Inject(simulator.Fault{Kind: simulator.FaultHuge})
	list := func(t *testing.T, client *cognigy.Client) error {
		_, err := client.ListKeys(t.Context(), r.endpointID, everything)
		return err
	}
	create := func(t *testing.T, client *cognigy.Client) error {
		_, err := client.CreateKey(t.Context(), r.endpointID, keyName)
		return err
	}
	probe := func(t *testing.T, client *cognigy.Client) error { return client.Probe(t.Context()) }
	endpoints := func(t *testing.T, client *cognigy.Client) error {
		_, err := client.ListEndpoints(t.Context(), atOnce)
		return err
	}
	fill := func(begin, element, end string) string {
		return begin + strings.Repeat(element, (4*mebibyte-100)/len(element)) + end
	}
	cases := []struct {
		why, base string
		call      func(*testing.T, *cognigy.Client) error
		kind      cognigy.Kind
	}{
		{"a list of 2 GB", r.URL(), list, cognigy.Unexpected},
		{"a key of 2 GB", r.URL(), create, cognigy.Unexpected},
		{"Endpoints of 2 GB", r.URL(), probe, cognigy.Unexpected},
		{"an error of 2 GB", serve(t, endless(404, "{")), list, cognigy.Unexpected},
		{"a server error of 2 GB, which is asked for more than once", serve(t, endless(500, "{")), list, cognigy.Unavailable},
		{"a redirect of 2 GB", serve(t, endless(302, "{")), list, cognigy.Redirected},
		{"2 GB that travel as 2 MB", serve(t, gzipped(200, bomb(t))), list, cognigy.Unexpected},
		{"an error of 2 GB that travels as 2 MB", serve(t, gzipped(404, bomb(t))), list, cognigy.Unexpected},
		{"a million entries that are no keys", serve(t, answer(200, fill("[{}", ",{}", "]"))), list, cognigy.Unexpected},
		{"a million numbers", serve(t, answer(200, fill("[0", ",0", "]"))), list, cognigy.Unexpected},
		{"a million Endpoints that are none", serve(t, answer(200, fill(`{"items":[0`, ",0", "]}"))), probe, ""},
		{"a list of Endpoints of 2 GB", r.URL(), endpoints, cognigy.Unexpected},
		{"a page of a million entries that are no Endpoints", serve(t, answer(200, fill(`{"items":[{}`, ",{}", "]}"))), endpoints, cognigy.Unexpected},
		{"a page of a hundred thousand Endpoints", serve(t, answer(200, fill(`{"items":[{"_id":"`+endpointID+`"}`, `,{"_id":"`+endpointID+`"}`, "]}"))), endpoints, cognigy.Unexpected},
		{"a million fields", serve(t, answer(200, fill(`[{"a":0`, `,"a":0`, "}]"))), list, cognigy.Unexpected},
		{"an error with a title of 4 MB", serve(t, answer(400, fill(`{"code":1005,"status":400,"traceId":"x","title":"`, "x", `"}`))), list, cognigy.Invalid},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			client := newClient(t, c.base)
			var err error
			taken := allocated(func() { err = c.call(t, client) })
			g := NewWithT(t)
			g.Expect(taken).To(BeNumerically("<", most), "%d MiB", taken/mebibyte)
			if c.kind == "" {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(failure(t, err).Kind).To(Equal(c.kind))
		})
	}
}

// endless writes 2 GB, or until the client leaves.
func endless(status int, begin string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, begin)
		chunk := bytes.Repeat([]byte(" "), 64<<10)
		for range 2048 * mebibyte / len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
}

// bomb is a list of 2 GB of spaces, as small as gzip makes it.
func bomb(t *testing.T) []byte {
	t.Helper()
	var member bytes.Buffer
	writer := gzip.NewWriter(&member)
	_, err := writer.Write(bytes.Repeat([]byte(" "), mebibyte))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	NewWithT(t).Expect(writer.Close()).To(Succeed())
	return bytes.Repeat(member.Bytes(), 2048)
}

func gzipped(status int, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}
}

// Headers are read into memory as a whole.
func TestHeadersAreBounded(t *testing.T) {
	cases := []struct{ why, reply string }{
		{"one header", "HTTP/1.1 200 OK\r\nX-Canary: " + strings.Repeat("canary", mebibyte/6) + "\r\nContent-Length: 2\r\n\r\n[]"},
		{"many headers", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Canary: canary\r\n", mebibyte/18) + "Content-Length: 2\r\n\r\n[]"},
		{"a status line", "HTTP/1.1 200 " + strings.Repeat("canary", mebibyte/6) + "\r\nContent-Length: 2\r\n\r\n[]"},
		{"early hints", strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: canary\r\n\r\n", mebibyte/40) + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			client := newClient(t, accept(t, say(c.reply)).url)
			_, err := client.CreateKey(t.Context(), endpointID, keyName)
			failed := failure(t, err)
			g.Expect(failed.Kind).To(Equal(cognigy.Unavailable))
			g.Expect(failed.OutcomeUnknown).To(BeTrue())
		})
	}
}

// Go's errors about malformed answers quote them.
func TestMalformedAnswersAreNotQuoted(t *testing.T) {
	const rest = "Content-Length: 2\r\n\r\n[]"
	replies := []string{
		"canary",
		"canary canary canary\r\n\r\n",
		"HTTP/canary 200 OK\r\n" + rest,
		"HTTP/1.1 canary OK\r\n" + rest,
		"HTTP/1.1 2canary\r\n" + rest,
		"HTTP/1.1\r\n" + rest,
		"HTTP/9.9 200 canary\r\n" + rest,
		"HTTP/1.1 200 OK\r\ncanary\r\n" + rest,
		"HTTP/1.1 200 OK\r\n canary: folded\r\n" + rest,
		"HTTP/1.1 200 OK\r\nX-Canary\x00: canary\r\n" + rest,
		"HTTP/1.1 200 OK\r\nContent-Length: canary\r\n\r\n[]",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 7canary\r\n\r\n[]",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: canary\r\n\r\n[]",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ncanary\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]canary",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Canary\r\n\r\n2\r\n[]\r\n0\r\ncanary canary\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\ncanary",
		"HTTP/1.1 302 Found\r\nLocation: ht!tp://canary\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: /%canary\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 503 canary\r\nRetry-After: canary\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 404 canary\r\nContent-Type: application/problem+json; canary\r\nContent-Length: 6\r\n\r\ncanary",
	}
	for _, reply := range replies {
		t.Run(reply, func(t *testing.T) {
			_, err := newClient(t, accept(t, say(reply)).url).CreateKey(t.Context(), endpointID, keyName)
			NewWithT(t).Expect(failure(t, err).OutcomeUnknown).To(BeTrue())
		})
	}
}
