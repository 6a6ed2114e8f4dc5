// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say how a simulator starts. The zero value is usable.
type Options struct {
	// Address to listen on; "127.0.0.1:0" if empty. Anything but loopback is refused.
	Address string
	// TLS serves https with a certificate made at start; CABundle returns what to trust.
	TLS bool
	// Hosts are names that the certificate is for, besides loopback's: those by which a proxy leads to the simulator.
	Hosts []string
	// APIKeys are the X-API-Key values accepted. If empty, a random one is made: see APIKey.
	APIKeys []string
	// Now is Cognigy's clock, which may be hours off; time.Now if nil. It dates keys, Endpoints and
	// requests, and FaultLagList looks back by it. Fault.Delay is waited in real time.
	Now func() time.Time
	// UniqueNames refuses a key whose name a key of the Endpoint has that works, with 409 and code 1004.
	UniqueNames bool
	// RequireProject refuses lists of Endpoints without a projectId, with 400 and code 1000.
	RequireProject bool
	// Release is the version of Cognigy: 13 is 2026.13.0, 0 the latest. Keys came with 13 for Webhook
	// and with 14 for REST Endpoints, the header x-cognigy-endpoint-key with 16.
	Release int
	// BareQuota refuses what is beyond SetQuota by the status alone, not by HTML.
	BareQuota bool
	// StringCodes writes the codes of errors as strings, as the documentation does.
	StringCodes bool
	// Contract is compared with each API request, and with each response that no fault shaped: see Violations. Nothing is if nil.
	Contract Contract
	// Seed makes the choices of faults with a Rate reproducible.
	Seed uint64
}

// Simulator is one running Cognigy. All its methods may be called at the same time, and those that
// read also after Close.
type Simulator struct {
	store
	journal
	faults
	credentials
	tokens
	rateLimit
	violations

	requireProject, stringCodes bool // see Options
	release                     int  // see Options; never 0

	control  http.Handler
	server   *http.Server
	url      string
	caBundle []byte

	ctx    context.Context // ends with Close, and with it every request's context
	stop   context.CancelFunc
	served chan struct{}
	// handling is held for reading by every API request, so that Close can wait for the last one.
	handling sync.RWMutex
}

// Start listens and serves until Close.
func Start(o Options) (*Simulator, error) {
	listener, err := listen(o.Address)
	if err != nil {
		return nil, err
	}
	s := build(o)
	s.url = "http://" + listener.Addr().String()
	if o.TLS {
		if listener, err = s.secure(listener, o.Hosts); err != nil {
			return nil, err
		}
	}
	go func() {
		defer close(s.served)
		_ = s.server.Serve(listener) // always http.ErrServerClosed: Close is the only way out
	}()
	return s, nil
}

// listen resolves first and listens on the very address that was checked, so that not even for an
// instant is anything open to the network.
func listen(address string) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	resolved, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("simulator address: %w", err)
	}
	if !resolved.IP.IsLoopback() {
		return nil, fmt.Errorf("simulator address %q is not loopback: its control API has no authentication", address)
	}
	return net.ListenTCP("tcp", resolved)
}

func build(o Options) *Simulator {
	if o.Now == nil {
		o.Now = time.Now
	}
	if len(o.APIKeys) == 0 {
		o.APIKeys = []string{randomHex(32)}
	}
	s := &Simulator{
		store:      newStore(o.Now, o.UniqueNames),
		journal:    newJournal(),
		faults:     faults{seed: o.Seed},
		violations: violations{contract: o.Contract},
		served:     make(chan struct{}),
	}
	s.requireProject, s.stringCodes = o.RequireProject, o.StringCodes
	s.release = cmp.Or(o.Release, unifiedSince)
	s.bareQuota = o.BareQuota
	s.SetAPIKeys(o.APIKeys...)
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.control = s.controlRoutes()
	s.server = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		BaseContext:       func(net.Listener) context.Context { return s.ctx },
		ReadHeaderTimeout: 10 * time.Second,
	}
	return s
}

// secure wraps the listener in TLS. HTTP/1.1 only, here as without TLS: an HTTP/2 stream cannot be
// hijacked, and faults have to cut real connections.
func (s *Simulator) secure(plain net.Listener, hosts []string) (net.Listener, error) {
	certificate, caBundle, err := selfSigned(hosts)
	if err != nil {
		_ = plain.Close()
		return nil, fmt.Errorf("simulator certificate: %w", err)
	}
	s.url = "https://" + plain.Addr().String()
	s.caBundle = caBundle
	return tls.NewListener(plain, &tls.Config{
		Certificates: []tls.Certificate{certificate},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"},
	}), nil
}

// Close stops the simulator and returns once no request is being handled: the ledger is final.
// Requests still waiting for a Fault.Delay end without having acted.
func (s *Simulator) Close() {
	s.stop()
	_ = s.server.Close()
	<-s.served
	s.handling.Lock()
	defer s.handling.Unlock()
}

// URL is the base URL, such as "https://127.0.0.1:40001", without a slash at its end.
func (s *Simulator) URL() string { return s.url }

// CABundle is the PEM certificate to trust; nil without TLS.
func (s *Simulator) CABundle() []byte { return slices.Clone(s.caBundle) }

func (s *Simulator) serve(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, controlPrefix) {
		s.control.ServeHTTP(w, r)
		return
	}
	s.serveAPI(w, r)
}

// credentials are the X-API-Key values that Cognigy accepts at the moment.
type credentials struct {
	mu       sync.RWMutex
	keys     []string
	projects map[string][]string // that a key sees; of a key that is not in it: all
}

// APIKey is the first accepted credential, "" if none is.
func (c *credentials) APIKey() string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if len(c.keys) == 0 {
		return ""
	}
	return c.keys[0]
}

// SetAPIKeys replaces the accepted credentials. With none, every call is answered 401.
func (c *credentials) SetAPIKeys(keys ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = slices.Clone(keys)
}

// ShowProjects limits what a credential sees, lists and changes to the Endpoints of some projects, as
// if its user were a member of no others.
func (c *credentials) ShowProjects(key string, projectIDs ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.projects == nil {
		c.projects = map[string][]string{}
	}
	c.projects[key] = projectIDs
}

func (c *credentials) sees(key, projectID string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	members, limited := c.projects[key]
	return !limited || slices.Contains(members, projectID)
}

func (c *credentials) accepts(key string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return key != "" && slices.Contains(c.keys, key)
}

// randomHex returns n random bytes as hexadecimal.
func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: the runtime crashes first
	return hex.EncodeToString(b)
}
