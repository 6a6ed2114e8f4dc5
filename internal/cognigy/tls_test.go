// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

func TestPrivateAuthority(t *testing.T) {
	r := startWith(t, simulator.Options{TLS: true})
	other := startWith(t, simulator.Options{TLS: true})
	cases := []struct {
		why    string
		bundle []byte
		fine   bool
	}{
		{"the authority that signed the certificate", r.CABundle(), true},
		{"among others", append(other.CABundle(), r.CABundle()...), true},
		{"with explanations around it, as openssl prints them", []byte("subject=CN\n" + string(r.CABundle()) + "\n# end\n"), true},
		{"another authority", other.CABundle(), false},
		{"none, which means the system's", nil, false},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			_, err := newClient(t, r.URL(), trusting(c.bundle)).ListKeys(t.Context(), r.endpointID, everything)
			if c.fine {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			failed := failure(t, err)
			g.Expect(failed.Kind).To(Equal(cognigy.Unavailable))
			g.Expect(failed).To(MatchError(And(
				ContainSubstring("does not trust the server's certificate"), ContainSubstring("into caBundle"), ContainSubstring("x509: "))))
		})
	}
	NewWithT(t).Expect(other.Requests()).To(BeEmpty())
}

func TestBundleThatHoldsNoCertificate(t *testing.T) {
	for why, bundle := range map[string]string{
		"text":                       "canary",
		"base64 that was not undone": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t",
		"a private key by mistake":   "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n",
		"a certificate that is none": "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n",
		"white space":                " \n",
	} {
		t.Run(why, func(t *testing.T) {
			client, err := cognigy.New(config("https://cognigy.example.com", trusting([]byte(bundle))))
			g := NewWithT(t)
			g.Expect(client).To(BeNil())
			g.Expect(err).To(MatchError(And(HavePrefix("caBundle "), ContainSubstring("-----BEGIN CERTIFICATE-----"))))
			expectNoSecret(t, err)
		})
	}
}

// A certificate's names come from the server. They end up in a condition, which has a maximum length, and in logs.
func TestNamesInCertificatesAreBounded(t *testing.T) {
	g := NewWithT(t)
	var names []string
	for i := range 90 {
		names = append(names, fmt.Sprintf("%s-%d.example.com\r\nforged=line", strings.Repeat("n", 200), i))
	}
	certificate, caBundle := certificateFor(t, names...)
	settings := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server := accept(t, func(_ *connections, _ int, conn net.Conn) {
		_ = tls.Server(conn, settings).HandshakeContext(t.Context())
	})
	elsewhere := strings.NewReplacer("http", "https", "127.0.0.1", "localhost").Replace(server.url)
	_, err := newClient(t, elsewhere, trusting(caBundle)).ListKeys(t.Context(), endpointID, everything)
	failed := failure(t, err)
	g.Expect(failed).To(MatchError(ContainSubstring("does not trust the server's certificate")))
	g.Expect(failed.Error()).NotTo(ContainSubstring("\n"))
}
