// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// cognigyHost is a name that only the proxy resolves.
const cognigyHost = "cognigy.test:443"

// connectProxy is a proxy that leads to Cognigy and to the API server, by CONNECT, and notes who is asked for.
type connectProxy struct {
	url   string
	mu    sync.Mutex
	asked []string // host:port, once each
}

// startProxy starts a proxy that ends with the spec. What it knows are addresses by the hosts that it is asked for.
func startProxy(known map[string]string) *connectProxy {
	GinkgoHelper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(listener.Close)
	p := &connectProxy{url: "http://" + listener.Addr().String()}
	go func() {
		for {
			front, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(front, known)
		}
	}()
	return p
}

func (p *connectProxy) serve(front net.Conn, known map[string]string) {
	request, err := http.ReadRequest(bufio.NewReader(front)) // a client sends no more until it has the answer
	if err != nil {
		_ = front.Close()
		return
	}
	p.mu.Lock()
	if !slices.Contains(p.asked, request.Host) {
		p.asked = append(p.asked, request.Host)
	}
	p.mu.Unlock()
	if request.Method != http.MethodConnect || known[request.Host] == "" {
		_, _ = io.WriteString(front, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
		_ = front.Close()
		return
	}
	_, _ = io.WriteString(front, "HTTP/1.1 200 OK\r\n\r\n")
	pipe(front, known[request.Host])
}

// hosts are those that the proxy was asked for.
func (p *connectProxy) hosts() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

// unproxied is an address of this machine that is none of loopback to Go, which never uses a proxy for those.
const unproxied = "0.0.0.0"

// serverAt is the API server's host:port with another host.
func serverAt(host string) string {
	GinkgoHelper()
	server, err := url.Parse(bed.Config.Host)
	Expect(err).NotTo(HaveOccurred())
	return net.JoinHostPort(host, server.Port())
}

// kubeconfigAt is the operator's, with the API server at another address, where it has the certificate that it has.
func kubeconfigAt(address string) []byte {
	GinkgoHelper()
	server, err := url.Parse(bed.Config.Host)
	Expect(err).NotTo(HaveOccurred())
	config, err := clientcmd.Load(bed.Kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	for _, cluster := range config.Clusters {
		cluster.Server, cluster.TLSServerName = "https://"+address, server.Hostname()
	}
	kubeconfig, err := clientcmd.Write(*config)
	Expect(err).NotTo(HaveOccurred())
	return kubeconfig
}

var _ = Describe("A proxy in the operator's environment", Label("connection"), func() {
	DescribeTable("carries requests to Cognigy, and to the API server", func(apiServer bool, environment ...string) {
		e := newEnvironment(func(spec *v1alpha1.ConnectionSpec) {
			spec.BaseURL, spec.ServerName = "https://cognigy.test", "localhost"
		})
		server := serverAt(unproxied)
		proxy := startProxy(map[string]string{
			cognigyHost: strings.TrimPrefix(e.Cognigy.URL(), "https://"), server: strings.TrimPrefix(bed.Config.Host, "https://"),
		})
		launchIn(kubeconfigAt(server), append(environment, "HTTPS_PROXY="+proxy.url)).awaitReady()
		key := e.Key()
		e.Create(key)
		e.AwaitDelivered(key, 1)
		e.Delete(key)
		e.AwaitGone(key)
		if apiServer {
			Expect(proxy.hosts()).To(ConsistOf(cognigyHost, server))
		} else {
			Expect(proxy.hosts()).To(ConsistOf(cognigyHost))
		}
	},
		Entry("if that is outside of the operator's cluster", true),
		Entry("but not if NO_PROXY names it", false, "NO_PROXY=example.com,"+unproxied),
		Entry("never if it is that of the operator's cluster", false, "KUBERNETES_SERVICE_HOST="+unproxied),
		Entry("nor then if NO_PROXY names others", false, "KUBERNETES_SERVICE_HOST="+unproxied, "no_proxy=example.com"),
	)
})
