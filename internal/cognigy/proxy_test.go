// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// childJob makes the test binary a client in a process of its own: net/http reads the environment's proxies once, and
// never uses one for loopback.
const childJob = "COGNIGY_TEST_CHILD"

type job struct {
	BaseURL, EndpointID string
	CABundle            []byte
	AllowedHosts        []string
}

type report struct {
	Created string // the id of the key
	Listed  int
	Error   string
	Unknown bool
	Leak    bool
}

// child makes a key and lists it, and reports on standard output.
func child(text string) int {
	var todo job
	if err := json.Unmarshal([]byte(text), &todo); err != nil {
		return 2
	}
	client, err := cognigy.New(config(todo.BaseURL, trusting(todo.CABundle), allowing(todo.AllowedHosts...)))
	if err != nil {
		return 3
	}
	defer client.Close()
	var done report
	made, err := client.CreateKey(context.Background(), todo.EndpointID, keyName)
	if err != nil {
		done.Error, done.Unknown = err.Error(), cognigy.AsError(err).OutcomeUnknown
		for _, how := range renderings(err) {
			done.Leak = done.Leak || strings.Contains(strings.ToLower(how), canary)
		}
	} else {
		done.Created = made.ID
		keys, _ := client.ListKeys(context.Background(), todo.EndpointID, everything)
		done.Listed = len(keys)
	}
	if err := json.NewEncoder(os.Stdout).Encode(done); err != nil {
		return 4
	}
	return 0
}

// inChild runs a job with these variables in the environment.
func inChild(t *testing.T, todo job, environment ...string) report {
	t.Helper()
	g := NewWithT(t)
	text, err := json.Marshal(todo)
	g.Expect(err).NotTo(HaveOccurred())
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append([]string{childJob + "=" + string(text), "PATH=" + os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0"}, environment...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	g.Expect(err).NotTo(HaveOccurred())
	var done report
	g.Expect(json.Unmarshal(out, &done)).To(Succeed())
	return done
}

// tunnel is a CONNECT proxy that knows one host, wherever its name would lead elsewhere.
func tunnel(t *testing.T, host, target, user string) *connections {
	return accept(t, func(s *connections, _ int, conn net.Conn) {
		from := bufio.NewReader(conn)
		request, err := http.ReadRequest(from)
		if err != nil {
			return
		}
		s.record(fmt.Sprintf("%s %s key:%t", request.Method, request.Host, request.Header.Get("X-API-Key") != ""))
		switch {
		case request.Method != http.MethodConnect || request.Host != host:
			_, _ = io.WriteString(conn, "HTTP/1.1 403 canary\r\nX-Canary: canary\r\nContent-Length: 6\r\n\r\ncanary")
			return
		case user != "" && request.Header.Get("Proxy-Authorization") == "":
			_, _ = io.WriteString(conn, "HTTP/1.1 407 canary\r\nProxy-Authenticate: Basic realm=canary\r\nContent-Length: 0\r\n\r\n")
			return
		}
		backend, err := new(net.Dialer).DialContext(t.Context(), "tcp", target)
		if err != nil {
			return
		}
		defer func() { _ = backend.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() {
			_, _ = io.Copy(backend, from)
			_ = backend.Close()
		}()
		_, _ = io.Copy(conn, backend)
	})
}

// Clusters without a way out but a proxy are common. The proxy resolves the name, and sees neither credentials nor keys.
func TestProxyFromTheEnvironment(t *testing.T) {
	r := start(t)
	certificate, caBundle := certificateFor(t, "cognigy.test")
	front := httptest.NewUnstartedServer(r.gateway(t))
	front.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	front.EnableHTTP2 = true
	front.StartTLS()
	t.Cleanup(front.Close)
	todo := job{BaseURL: "https://cognigy.test", EndpointID: r.endpointID, CABundle: caBundle}
	const host = "cognigy.test:443"
	target := front.Listener.Addr().String()

	t.Run("is used", func(t *testing.T) {
		g := NewWithT(t)
		proxy := tunnel(t, host, target, "")
		done := inChild(t, todo, "HTTPS_PROXY="+proxy.url)
		g.Expect(done.Error).To(BeEmpty())
		g.Expect(r.Ledger()).To(HaveLen(1))
		g.Expect(done).To(Equal(report{Created: r.Ledger()[0].ID, Listed: 1}))
		g.Expect(proxy.received()).To(HaveEach("CONNECT cognigy.test:443 key:false"))
	})
	t.Run("with a password", func(t *testing.T) {
		g := NewWithT(t)
		proxy := tunnel(t, host, target, "user")
		done := inChild(t, todo, "https_proxy="+strings.Replace(proxy.url, "http://", "http://user:canary@", 1))
		g.Expect(done.Error).To(BeEmpty())
		g.Expect(done.Listed).To(Equal(2))
	})
	refusals := []struct {
		why, says string
		todo      job
		proxy     func(t *testing.T) string
	}{
		{
			"that wants a password", "HTTP 407; check HTTPS_PROXY", todo,
			func(t *testing.T) string { return tunnel(t, host, target, "user").url },
		},
		{
			"that does not allow the host", "HTTP 403; check HTTPS_PROXY and NO_PROXY", todo,
			func(t *testing.T) string { return tunnel(t, "other.test:443", target, "").url },
		},
		{
			"that answers nonsense", "the exchange broke off", todo,
			func(t *testing.T) string { return accept(t, say("canary canary canary\r\n\r\n")).url },
		},
		{
			"that is not there", "connection refused", todo,
			func(t *testing.T) string { return "http://user:canary@" + closedPort(t) },
		},
		{
			"whose own certificate is not trusted", "does not trust the server's certificate", todo,
			func(t *testing.T) string { return httptestTLS(t) },
		},
	}
	for _, c := range refusals {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			before := len(r.Ledger())
			done := inChild(t, c.todo, "HTTPS_PROXY="+c.proxy(t))
			g.Expect(done.Error).To(ContainSubstring(c.says))
			g.Expect(done.Error).NotTo(ContainSubstring(canary))
			g.Expect(done.Leak).To(BeFalse())
			g.Expect(done.Unknown).To(BeFalse(), "Cognigy has never heard of it")
			g.Expect(r.Ledger()).To(HaveLen(before))
		})
	}
	t.Run("does not hide the host that the credentials are for", func(t *testing.T) {
		g := NewWithT(t)
		proxy := tunnel(t, host, target, "")
		restricted := todo
		restricted.AllowedHosts = []string{strings.TrimPrefix(proxy.url, "http://")}
		g.Expect(inChild(t, restricted, "HTTPS_PROXY="+proxy.url).Error).To(ContainSubstring("--allowed-hosts does not name cognigy.test:443"))
		g.Expect(proxy.received()).To(BeEmpty())
		restricted.AllowedHosts = []string{host}
		g.Expect(inChild(t, restricted, "HTTPS_PROXY="+proxy.url).Error).To(BeEmpty(), "the proxy itself is the operator's business")
	})
	t.Run("is passed by where NO_PROXY says so", func(t *testing.T) {
		g := NewWithT(t)
		proxy := tunnel(t, host, target, "")
		done := inChild(t, todo, "HTTPS_PROXY="+proxy.url, "NO_PROXY=.test")
		g.Expect(done.Error).To(Or(ContainSubstring("DNS does not resolve"), ContainSubstring("no answer within")))
		g.Expect(proxy.received()).To(BeEmpty())
	})
}

func httptestTLS(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(answer(200, canary))
	t.Cleanup(server.Close)
	return server.URL
}
