// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"bytes"
	"context"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/test/openapi"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

const (
	// canary is part of everything that must not come out again: credentials, plaintexts, bodies, Locations.
	canary     = "canary"
	credential = "canary-credential-of-the-connection"
	userAgent  = "cognigy-operator/test"
	endpointID = "64f0c0ffee0123456789abcd"
	absentID   = "000000000000000000000000"
	keyName    = "crm webhook k8s-1-2"
	// patience is far beyond what anything here takes, unless it hangs.
	patience = 20 * time.Second
)

// logged is what net/http writes to the standard logger of its own accord.
var logged lockedBuffer

func TestMain(m *testing.M) {
	if job, ok := os.LookupEnv(childJob); ok {
		os.Exit(child(job))
	}
	log.SetOutput(&logged)
	code := m.Run()
	if bytes.Contains(logged.Bytes(), []byte(canary)) {
		_, _ = os.Stderr.WriteString("the standard logger was told a secret:\n" + string(logged.Bytes()))
		code = 1
	}
	os.Exit(code)
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) Bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.Buffer.Bytes())
}

// rig is Cognigy with one Endpoint, and a client of it.
type rig struct {
	*simulator.Simulator
	client     *cognigy.Client
	endpointID string
}

type setting func(*cognigy.Config)

func timeout(d time.Duration) setting { return func(c *cognigy.Config) { c.Timeout = d } }
func trusting(bundle []byte) setting  { return func(c *cognigy.Config) { c.CABundle = bundle } }
func allowing(hosts ...string) setting {
	return func(c *cognigy.Config) { c.AllowedHosts = hosts }
}

func withAPIKey(value string) setting {
	return func(c *cognigy.Config) { c.Authenticator = cognigy.APIKey(cognigy.NewSensitive(value)) }
}

func start(t *testing.T) *rig {
	t.Helper()
	return startWith(t, simulator.Options{})
}

func startWith(t *testing.T, o simulator.Options) *rig {
	t.Helper()
	o.APIKeys, o.Contract = []string{credential}, openapi.Cognigy()
	cognigySide, err := simulator.Start(o)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() {
		cognigySide.Close()
		NewWithT(t).Expect(cognigySide.Violations()).To(BeEmpty(), "what Cognigy does not document")
	})
	return &rig{
		Simulator: cognigySide, client: newClient(t, cognigySide.URL(), trusting(cognigySide.CABundle())),
		endpointID: cognigySide.AddEndpoint("project", "CRM webhook").ID,
	}
}

func config(baseURL string, settings ...setting) cognigy.Config {
	c := cognigy.Config{
		BaseURL: baseURL, Authenticator: cognigy.APIKey(cognigy.NewSensitive(credential)), AllowInsecureHTTP: true,
		Timeout: patience, UserAgent: userAgent,
	}
	for _, set := range settings {
		set(&c)
	}
	return c
}

func newClient(t *testing.T, baseURL string, settings ...setting) *cognigy.Client {
	t.Helper()
	client, err := cognigy.New(config(baseURL, settings...))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	t.Cleanup(client.Close)
	return client
}

func (r *rig) create(t *testing.T) (*cognigy.IssuedKey, error) {
	return r.client.CreateKey(t.Context(), r.endpointID, keyName)
}

func (r *rig) list(t *testing.T) ([]cognigy.Key, error) {
	return r.client.ListKeys(t.Context(), r.endpointID, everything)
}

// everything keeps all keys of a list.
func everything(cognigy.Key) bool { return true }

// mustCreate is for keys that have to be there before something goes wrong.
func (r *rig) mustCreate(t *testing.T) *cognigy.IssuedKey {
	t.Helper()
	made, err := r.create(t)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return made
}

func (r *rig) posts() int { return r.Count(http.MethodPost, simulator.RouteKeys) }
func (r *rig) lists() int { return r.Count(http.MethodGet, simulator.RouteKeys) }

// serve is for answers that the simulator never gives.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// serveTLS serves with HTTP/2, and returns what to trust.
func serveTLS(t *testing.T, handler http.Handler) (address string, caBundle []byte) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, certificateOf(server)
}

// gateway passes requests on to the simulator, as what stands in front of an installation does.
func (r *rig) gateway(t *testing.T) http.Handler {
	t.Helper()
	target, err := url.Parse(r.URL())
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) }}
}

// answer is a handler that always says the same.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// failure returns err as the Error that it has to be, after a look for what it must not tell.
func failure(t *testing.T, err error) *cognigy.Error {
	t.Helper()
	failed := cognigy.AsError(err)
	if failed == nil {
		t.Fatalf("%T is no Error", err)
	}
	expectNoSecret(t, err)
	NewWithT(t).Expect(len(err.Error())).To(BeNumerically("<", 1024), "a message has to fit into a condition")
	return failed
}

// within fails a test that hangs.
func within(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case <-done:
	case <-ctx.Done():
		t.Fatalf("never: %s", what)
	}
}
