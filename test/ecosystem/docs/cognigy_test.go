// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/test/openapi"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// cognigys are the installations of Cognigy that the pages name.
type cognigys struct {
	trial, app  *simulator.Simulator
	proxy       string // leads to them by their hosts
	authorities string // a file: who signed their certificates
}

// project is the one that the pages name.
const project = "64f0c0ffee0123456789aaaa"

func startCognigys(t *testing.T) *cognigys {
	t.Helper()
	c := &cognigys{authorities: filepath.Join(t.TempDir(), "ca.crt")}
	known := map[string]string{}
	start := func(name string) *simulator.Simulator {
		hosts := []string{"api-" + name + ".cognigy.ai", "endpoint-" + name + ".cognigy.ai"}
		started, err := simulator.Start(simulator.Options{TLS: true, Hosts: hosts, Contract: openapi.Cognigy()})
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		t.Cleanup(func() {
			started.Close()
			NewWithT(t).Expect(started.Violations()).To(BeEmpty(), "what Cognigy does not document")
		})
		for _, host := range hosts {
			known[host+":443"] = strings.TrimPrefix(started.URL(), "https://")
		}
		return started
	}
	add := func(to *simulator.Simulator, name, id, token string) {
		to.AddEndpoint(project, name, func(e *simulator.Endpoint) { e.ID, e.URLToken = id, token })
	}
	c.trial, c.app = start("trial"), start("app")
	add(c.trial, "CRM webhook", "64f0c0ffee0123456789abcd", "URL-TOKEN")
	add(c.trial, "Orders", "64f0c0ffee0123456789abce", "ORDERS-URL-TOKEN")
	add(c.app, "CRM webhook", "65f0c0ffee0123456789abcd", "URL-TOKEN")
	NewWithT(t).Expect(os.WriteFile(c.authorities, slices.Concat(c.trial.CABundle(), c.app.CABundle()), 0o600)).To(Succeed())
	proxy := httptest.NewServer(connect(known))
	t.Cleanup(proxy.Close)
	c.proxy = proxy.URL
	return c
}

// environment is what leads a process to the Cognigys.
func (c *cognigys) environment() []string {
	return []string{"HTTPS_PROXY=" + c.proxy, "SSL_CERT_FILE=" + c.authorities}
}

// connect is a proxy that leads to addresses by the hosts that it is asked for, and nowhere else.
type connect map[string]string

func (known connect) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if request.Method != http.MethodConnect || known[request.Host] == "" {
		http.Error(w, "the proxy of this test does not know "+request.Host, http.StatusForbidden)
		return
	}
	back, err := new(net.Dialer).DialContext(request.Context(), "tcp", known[request.Host])
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	front, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_, err = io.WriteString(front, "HTTP/1.1 200 OK\r\n\r\n")
	}
	if err != nil {
		_ = back.Close()
		return
	}
	go func() {
		_, _ = io.Copy(back, front)
		_ = errors.Join(back.Close(), front.Close())
	}()
	_, _ = io.Copy(front, back)
	_ = errors.Join(back.Close(), front.Close())
}
